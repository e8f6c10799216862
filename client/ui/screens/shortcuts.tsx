/** Keys that work everywhere once signed in, and the dialog that lists them. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { text } from '../text/text.ts';
import css from './shortcuts.module.css';
import { lazily } from '../components/lazy.tsx';

const JumpTo = lazily(async () => (await import('./jump-to.tsx')).JumpTo);

type Layer = 'jump' | 'keys' | undefined;

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
const COMMAND = isMac ? '⌘' : 'Ctrl';

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [[COMMAND, 'K'], text.keys.jump],
  [['Enter'], text.keys.send],
  [['Shift', 'Enter'], text.keys.breakLine],
  [['↑', '↓'], text.keys.walk],
  [['Esc'], text.keys.close],
  [['?'], text.keys.list],
];

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, [contenteditable]');
}

export function Shortcuts(): VNode | null {
  const [layer, setLayer] = useState<Layer>(undefined);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      // A dialog that is open has the keys to itself.
      if (document.querySelector('dialog[open]') !== null) return;
      const command = isMac ? event.metaKey : event.ctrlKey;
      if (command && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') setLayer('jump');
      else if (event.key === '?' && !isWriting(event.target)) setLayer('keys');
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  const close = (): void => setLayer(undefined);
  if (layer === 'jump') return <JumpTo onClose={close} />;
  if (layer === 'keys') return <Keys onClose={close} />;
  return null;
}

function Keys({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <Dialog title={text.keys.title} onClose={onClose}>
      <dl class={css.keys}>
        {KEYS.map(([keys, what]) => (
          <div key={what} class={css.row}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
