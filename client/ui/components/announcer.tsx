/** The one live region: whatever changes without the person's doing is said here, once, politely. */
import { signal } from '@preact/signals';
import type { VNode } from 'preact';

const said = signal<{ readonly text: string; readonly round: number }>({ text: '', round: 0 });

/** Says a sentence to screen readers when they next pause. */
export function announce(sentence: string): void {
  said.value = { text: sentence, round: said.value.round + 1 };
}

export function Announcer(): VNode {
  const { text, round } = said.value;
  // Two regions in turn, so that the same sentence twice is heard twice.
  return (
    <div class="heard">
      <div role="status">{round % 2 === 0 ? text : ''}</div>
      <div role="status">{round % 2 === 1 ? text : ''}</div>
    </div>
  );
}
