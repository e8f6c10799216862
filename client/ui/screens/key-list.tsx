/** Every key that does something, as the dialog of `?` and the settings show it. */
import type { VNode } from 'preact';
import { Dialog } from '../components/dialog.tsx';
import { enterSends } from '../conversation/enter-key.ts';
import { text } from '../text/text.ts';
import { COMMAND } from './command-key.ts';
import css from './key-list.module.css';

type Row = readonly [keys: readonly string[], what: string];
type Group = readonly [title: string, rows: readonly Row[]];

function groups(): readonly Group[] {
  const [send, breakLine] = enterSends.value
    ? [['Enter'], ['Shift', 'Enter']]
    : [[COMMAND, 'Enter'], ['Enter']];
  return [
    [
      text.keys.everywhere,
      [
        [[COMMAND, 'K'], text.keys.jump],
        [['Esc'], text.keys.close],
        [['?'], text.keys.list],
      ],
    ],
    [
      text.keys.writing,
      [
        [send, text.keys.send],
        [breakLine, text.keys.breakLine],
        [['↑'], text.keys.editLast],
      ],
    ],
    [
      text.keys.reading,
      [
        [['↑', '↓'], text.keys.walk],
        [['Home', 'End'], text.keys.ends],
        [['Enter'], text.keys.actions],
        [['←', '→'], text.keys.more],
        [['↓'], text.keys.found],
        [['←', '→'], text.keys.divider],
      ],
    ],
    [
      text.keys.inCall,
      [
        [['M'], text.keys.microphone],
        [['V'], text.keys.camera],
        [['Esc'], text.keys.shrink],
        [['←', '→', '↑', '↓'], text.keys.corner],
      ],
    ],
  ];
}

export function KeyList(): VNode {
  return (
    <div class={css.groups}>
      {groups().map(([title, rows]) => (
        <section key={title} aria-label={title}>
          <h3 class={css.title}>{title}</h3>
          <dl class={css.keys}>
            {rows.map(([keys, what]) => (
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
        </section>
      ))}
    </div>
  );
}

export function KeyDialog({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <Dialog title={text.keys.title} onClose={onClose}>
      <KeyList />
    </Dialog>
  );
}
