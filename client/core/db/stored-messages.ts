/** What this device keeps of messages: their lines, where those are, and what has come before them or is to happen to them. */
import type { AccountId, CallId, DeviceId, MessageId } from '@tacet/protocol/ids';
import type { Amendments } from '../messages/amendments.ts';
import type { Line } from '../view.ts';
import type { HeardFrom } from './stored-people.ts';

/** What is to be said of how a message came here or left. */
export interface MessageMarks {
  /** Encrypted, for one device at least, in a session that began without a one-time prekey and had no answer yet. */
  readonly reduced?: true;
  /** It came long after it was sent, though this device was connected. */
  readonly delayed?: true;
}

/** A line as shown, with what repairs need. */
export interface StoredLine {
  readonly line: Line;
  readonly marks?: MessageMarks;
  /** Of an own message: which devices have told that they have it. */
  readonly heard?: readonly HeardFrom[];
  /** What later contents made of the message. */
  readonly amendments?: Amendments;
  /** Orders of the replies that quote it. */
  readonly quotedBy?: readonly number[];
  /** Of a gap: the chain in which numbers are missing. */
  readonly gap?: { readonly device: DeviceId; readonly epoch: string };
  /** Of a call that was missed: as the other own devices know it too. */
  readonly call?: CallId;
}

/** Where a message stands, or the line of a call. */
export interface MessagePlace {
  readonly account: AccountId;
  readonly order: number;
  readonly mine: boolean;
}

/** Contents about a message that has not come yet. Key [hidden conversation, hidden author and message]. */
export interface EarlyAmendments {
  readonly author: AccountId;
  readonly message: MessageId;
  readonly at: number;
  readonly amendments: Amendments;
}

/** A message whose time runs. Key [when it goes, hidden conversation, order]. */
export interface Expiring {
  readonly account: AccountId;
  readonly order: number;
  /** Its whole time, seconds: where a clock was set back, no more than this is left. */
  readonly seconds: number;
}

/** A receipt that waits to be sent. */
export interface PendingReceipt {
  readonly account: AccountId;
  readonly kind: 'delivered' | 'read';
  readonly message: MessageId;
}
