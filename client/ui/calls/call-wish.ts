/** What this window wants with calls: whom the person wants to call, whether the call is held here, and how large it is shown. */
import { signal } from '@preact/signals';
import type { CallMedia, CallView, ConversationId } from '../../core/door.ts';

/** A call that the person asks for. */
export interface WantedCall {
  readonly conversation: ConversationId;
  readonly media: CallMedia;
}

/** Whom the person wants to call, until core has begun it or it was given up. */
export const wantedCall = signal<WantedCall | undefined>(undefined);

export function wantCall(conversation: ConversationId, media: CallMedia): void {
  wantedCall.value = { conversation, media };
}

/** `small`: in a corner, beside the chat. `outside`: in a window of its own. */
export const callSize = signal<'full' | 'small' | 'outside'>('full');

/** Whether a call rings, is being connected or goes on. */
export function isRunning(call: CallView | undefined): call is CallView {
  return call !== undefined && call.phase.kind !== 'over';
}
