/** What this device keeps of other accounts and of the conversations with them. */
import type { Timer } from '@tacet/protocol/content/timer';
import type { AccountId, DeviceId, EnvelopeId } from '@tacet/protocol/ids';
import type { Delivery } from '../view.ts';
import type { SignedBytes } from './stored-device.ts';
import type { Asked } from './stored-sending.ts';

type Bytes = Uint8Array;

/** When a device was last known to be alive, ms; 0 for never. */
export interface SignsOfLife {
  readonly device: DeviceId;
  readonly statedAt: number;
  readonly askedAt: number;
  readonly heardAt: number;
}

/** A line about an envelope that could not be read. */
export interface Unreadable {
  readonly device: DeviceId;
  readonly order: number;
  readonly envelope: EnvelopeId;
  readonly asked?: Asked;
  /** The device has nothing to send again: once its numbering has come this far without a gap, nothing was lost with it. */
  readonly until?: { readonly epoch: string; readonly number: number };
}

/** How many of something there were on one day (UTC, days since 1970): only today's are counted. */
export interface CountedDay {
  readonly day: number;
  readonly count: number;
}

/** A person's devices as last proved by the account key. */
export interface StoredPerson {
  readonly account: AccountId;
  readonly accountKey: Bytes;
  readonly list: SignedBytes;
  /** Devices that gave notice of leaving and are still listed. */
  readonly departed: readonly DeviceId[];
  /** Signs of life of each device, ms: its newest statement, when it was last asked for, when the device last wrote. */
  readonly signs: readonly SignsOfLife[];
  /** The hash of the own list that each device has shown that it knows. */
  readonly proven: readonly { readonly device: DeviceId; readonly hash: Bytes }[];
  /** The directory has never shown this key: it came inside a message. */
  readonly hearsay?: boolean;
  readonly username?: string;
  readonly name?: string;
  /** The version of the profile that is shown, and the key that it opened under: versions are counted for each key. */
  readonly profile?: { readonly version: number; readonly key: Bytes };
  /** Which picture is kept of him; absent where there is none. */
  readonly picture?: string;
  /** Of today: requests to send again, contents that made no sense, and sessions that were put aside on request. */
  readonly repairs?: CountedDay;
  /** Sessions with this person that were begun anew because something was missing or could not be read on either side. */
  readonly renewals?: CountedDay;
  /** Answers of today that there is nothing to be sent again. */
  readonly nothings?: CountedDay;
  /** What went to this person as to a stranger today without anybody's having written it. */
  readonly introductions?: CountedDay;
  /** What was asked about this person as a stranger asks today, because of what came. */
  readonly lookups?: CountedDay;
  /** Rings of this person that came today. */
  readonly rings?: CountedDay;
  /** Lines about what could not be read and was asked for again. */
  readonly unreadable?: readonly Unreadable[];
}

/** The key that the directory shows for a verified contact since it has changed, with the list that it signed. */
export interface ChangedKey {
  readonly accountKey: Bytes;
  readonly list: SignedBytes;
}

/** A conversation's own state. */
export interface StoredConversation {
  readonly account: AccountId;
  readonly nextOrder: number;
  readonly unread: number;
  /** Highest order that the person has seen. */
  readonly readTo: number;
  readonly draft: string;
  readonly activityAt: number;
  /** The timer in force; absent while none was ever set. */
  readonly timer?: Timer;
  /** Nothing is sent while it is there, until the person has decided. */
  readonly changedKey?: ChangedKey;
  /** Order of the line of the last call that was missed. */
  readonly missedCall?: number;
  readonly last?: {
    readonly order: number;
    /** Empty once the message was deleted. */
    readonly text: string;
    readonly deleted?: boolean;
    readonly at: number;
    readonly mine: boolean;
    readonly delivery: Delivery;
  };
}

/** What one device of the other person has told of an own message, ms by its clock. */
export interface HeardFrom {
  readonly device: DeviceId;
  readonly deliveredAt?: number;
  readonly readAt?: number;
}
