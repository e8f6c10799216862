/** What is done to a message away from the field, and why the last of it was refused: the sentence stands above the field. */
import { signal } from '@preact/signals';
import { failureOf, type ConversationId } from '../../core/door.ts';
import { failureText } from '../text/text.ts';

/** A refusal in words, and in which conversation. */
export interface Refusal {
  readonly of: ConversationId;
  readonly words: string;
}

/** The newest, until the next act or until somebody writes. */
export const refusal = signal<Refusal | undefined>(undefined);

/** Does it. `words`: what a refusal is told as, where the failure has no words of its own. Never rejects. */
export async function act(of: ConversationId, done: () => Promise<void>, words?: string): Promise<void> {
  forgetRefusal();
  try {
    await done();
  } catch (error) {
    refusal.value = { of, words: words ?? failureText(failureOf(error)) };
  }
}

export function forgetRefusal(): void {
  refusal.value = undefined;
}
