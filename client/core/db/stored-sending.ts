/** What this device keeps of its sending and receiving: what waits, what was sent, and the chains of numbers. */
import type { AccountId, DeviceId, EnvelopeId, MessageId } from '@tacet/protocol/ids';

type Bytes = Uint8Array;

/** When something was last asked for, ms, and how often it was asked for again. */
export interface Asked {
  readonly at: number;
  readonly again: number;
}

/** One device's part of an outgoing content. Without a body the device is skipped. */
export interface OutgoingEnvelope {
  readonly device: DeviceId;
  readonly id?: EnvelopeId;
  readonly body?: Bytes;
}

/** A content on its way to one account. Key: its number, ascending. */
export interface OutboxEntry {
  readonly seq: number;
  readonly to: AccountId;
  readonly kind: string;
  readonly body: Bytes;
  readonly id: MessageId;
  readonly sentAt: number;
  readonly durable: boolean;
  readonly critical: boolean;
  /** The message line to update. */
  readonly line?: boolean;
  /** The message whose words it holds, if it is not that message itself: an edit, a copy for own devices. */
  readonly about?: MessageId;
  /** Whether the line of `about` shows that this is still on its way. */
  readonly amends?: boolean;
  /** The message was deleted while this was on its way: no copy is kept for repairs. */
  readonly erased?: boolean;
  /** The message itself was deleted, not only words that it quotes: it never leaves under another key. */
  readonly gone?: boolean;
  /** What the person wrote: the account key that it was written under, 33 bytes. It leaves under no other. */
  readonly under?: Bytes;
  /** It was written before a key change and waits for a word of the person. */
  readonly held?: boolean;
  /** For one device alone: a repair, or a request for one. */
  readonly only?: DeviceId;
  /** A repair: the envelope in whose place the frame goes, as it was first sent. */
  readonly repairs?: EnvelopeId;
  /** CBOR of the content frame, once numbered. */
  readonly frame?: Bytes;
  readonly number?: number;
  readonly epoch?: Bytes;
  /** Hash of the list that the envelopes are for. */
  readonly listHash?: Bytes;
  readonly envelopes?: readonly OutgoingEnvelope[];
  /** Sessions to be made anew before encrypting (repairs). */
  readonly fresh?: boolean;
  /** Dropped where it has not left by then, ms, and where the key of its account is not believed. */
  readonly until?: number;
  /** For devices that are connected alone. */
  readonly online?: boolean;
}

/** What was sent to one device, for repairs. Key [day, hidden device and envelope]. */
export interface SentRecord {
  readonly account: AccountId;
  /** The account key that was believed when it was sent, 33 bytes. */
  readonly accountKey?: Bytes;
  readonly device: DeviceId;
  readonly identityKey: Bytes;
  readonly frame: Bytes;
  readonly id: MessageId;
  /** The message whose words it holds, if it is not that message itself. */
  readonly about?: MessageId;
  readonly at: number;
  /** How often it was sent again, and when last. */
  readonly count: number;
  readonly againAt?: number;
}
/** Leads from a chain number to the envelope. Key [day, hidden account, device, epoch and number]. */
export interface SentPointer {
  readonly envelope: EnvelopeId;
}

/** Says that a message was made ready to leave, and leads to the copies kept of it. Key [day, hidden message, hidden first envelope]. */
export interface SentCopies {
  /** None once they were erased. */
  readonly copies: readonly { readonly device: DeviceId; readonly envelope: EnvelopeId }[];
  /** It was made ready for the other own devices, not for the other side. */
  readonly own?: boolean;
}

/** The own numbering towards one account. */
export interface OutChain {
  readonly epoch: Bytes;
  readonly number: number;
  readonly previous: Bytes;
  /**
   * Numbers at which devices listed later came in. `nudgedAt`: when the newest content was last sent to one again to show what it misses.
   */
  readonly starts: readonly {
    readonly device: DeviceId;
    readonly number: number;
    readonly nudgedAt?: number;
  }[];
  /** The numbering of the epoch before, which every frame of this one names. */
  readonly before?: Pick<OutChain, 'epoch' | 'number' | 'starts'>;
}
/** The numbering of one device of the other side. */
export interface InChain {
  readonly device: DeviceId;
  readonly epoch: Bytes;
  readonly contiguous: number;
  readonly highest: number;
  /** Numbers below `highest` that are missing, ascending. */
  readonly missing: readonly number[];
  /** Missing numbers that were too many to remember: how many, none of them above `upTo`. */
  readonly lost?: { readonly upTo: number; readonly count: number };
  /** When what is missing was asked for. */
  readonly asked?: Asked;
  /** Order of the line that shows what is missing. */
  readonly gapLine?: number;
  /** When it was last heard of, ms. */
  readonly heardAt?: number;
  /** Hashes of received numbers whose successor has not come. */
  readonly heads: readonly { readonly number: number; readonly hash: Bytes }[];
}
