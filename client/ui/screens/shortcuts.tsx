/** Keys that work everywhere once signed in, and the dialog that lists them. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { lazily } from '../components/lazy.tsx';
import { isCommand } from './command-key.ts';

const JumpTo = lazily(async () => (await import('./jump-to.tsx')).JumpTo);
const KeyDialog = lazily(async () => (await import('./key-list.tsx')).KeyDialog);

type Layer = 'jump' | 'keys' | undefined;

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, [contenteditable]');
}

export function Shortcuts(): VNode | null {
  const [layer, setLayer] = useState<Layer>(undefined);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      // A dialog that is open has the keys to itself.
      if (document.querySelector('dialog[open]') !== null) return;
      if (isCommand(event) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k')
        setLayer('jump');
      else if (event.key === '?' && !isWriting(event.target)) setLayer('keys');
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  const close = (): void => setLayer(undefined);
  if (layer === 'jump') return <JumpTo onClose={close} />;
  if (layer === 'keys') return <KeyDialog onClose={close} />;
  return null;
}
