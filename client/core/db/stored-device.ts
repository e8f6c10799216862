/** What this device keeps of itself and of its account. Its own and sealed by it: not parsed again. */
import type { AccountId, DeviceId, InviteCode } from '@tacet/protocol/ids';
import type { OwnBytes } from '../bytes.ts';
import type { Caught } from '../view.ts';

type Bytes = Uint8Array;

/** A signed byte string as it travels. */
export interface SignedBytes {
  readonly bytes: Bytes;
  readonly signature: Bytes;
}

/** Who this device is. Key `own`. */
export interface OwnDevice {
  /** `joining`: keys made, the server has not answered yet; dropped at the next start. */
  readonly phase: 'joining' | 'active';
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly username: string;
  /** Public half, 33 bytes. */
  readonly accountKey: Bytes;
  /** libsignal's serialised identity key pair of this device. */
  readonly identity: Bytes;
  readonly registrationId: number;
  readonly recordKey: Bytes;
  /** Install epoch of the numbering, 16 bytes. */
  readonly epoch: Bytes;
  /** Counter of the list that first named this device. */
  readonly joinedAt: number;
  /** Own device list in force as far as known. */
  readonly list: SignedBytes;
  /** Highest version of the credentials that was ever seen. */
  readonly credentialsVersion: number;
  /** Removals that were asked for; the own list in force says which of them happened. */
  readonly removals?: readonly Removal[];
  /** The profile key in the record has yet to reach the server and the contacts. */
  readonly publishing?: boolean;
  /** An invite to answer, taken from the link. */
  readonly answering?: InviteAnswer;
  /** Codes that this device shows or has scanned, newest last; absent where there are none. */
  readonly encounters?: readonly StoredEncounter[];
  /** What the server was caught at. */
  readonly caught?: Readonly<Partial<Record<Caught, CaughtAt>>>;
  /** The same of an older state, as versions of the database before 6 wrote it. */
  readonly rollback?: CaughtAt;
  /** The devices of the own list as this device knows them; absent until it has looked for the first time. */
  readonly toldDevices?: readonly ToldDevice[];
  /** Restores of the server from a backup under which this device has come back, the newest last. */
  readonly restores?: readonly StoredRestore[];
  /** After the last of them: the record may have to be put over an older one. */
  readonly bringsRecord?: true;
  /** What was sent after this and not confirmed is to be sent again, ms. */
  readonly resendsSince?: number;
}

/** A restore of the server from a backup. */
export interface StoredRestore {
  /** 16 bytes. */
  readonly epoch: Bytes;
  /** When this device learnt of it, by its own clock. */
  readonly at: number;
  /** When the backup was made, by the server's word. */
  readonly backedUpAt: number;
  /** The person has seen it. */
  readonly seen?: true;
}

/** The server's receipts for what it has accepted, the newest of each, with what of it is nowhere else here. Key `receipts`. */
export interface KeptReceipts {
  readonly account: OwnBytes;
  readonly device: { readonly sessionKey: OwnBytes; readonly receipt: OwnBytes };
  readonly list: { readonly counter: number; readonly receipt: OwnBytes };
  readonly credentials: {
    readonly version: number;
    readonly loginKey: OwnBytes;
    readonly vault: OwnBytes;
    readonly wraps: { readonly way: string; readonly sealed: OwnBytes }[];
    readonly receipt: OwnBytes;
  };
  readonly record: { readonly version: number; readonly receipt: OwnBytes };
}

/** When the server was caught; `seen`: when the person had been told. */
export interface CaughtAt {
  readonly at: number;
  readonly seen?: true;
}

/** A device of the own list. */
export interface ToldDevice {
  readonly device: DeviceId;
  /** 33 bytes. */
  readonly identityKey: Bytes;
  /** When this device learnt that it was added; absent once the person has seen it, and of those that were there before. */
  readonly learntAt?: number;
}

/** A removal as it was asked for, with what it makes valid, stored before the request leaves. */
export interface Removal {
  readonly list: SignedBytes;
  /** Public half of the new account key, 33 bytes: a reset. */
  readonly accountKey?: Bytes;
  readonly recordKey: Bytes;
  readonly profileKey: Bytes;
  readonly profileVersion: number;
  readonly credentialsVersion: number;
  /** Version and hash of the sealed record. */
  readonly record: { readonly version: number; readonly hash: Bytes };
}

/** What an invite link said about the inviter, kept until it is answered. */
export interface InviteAnswer {
  readonly account: AccountId;
  readonly username: string;
  readonly code: InviteCode;
  readonly secret: Bytes;
  readonly accountKeyHash: Bytes;
  readonly deliveryKey: Bytes;
  /** The code was made to be scanned face to face: the commitment that it carries, 32 bytes. */
  readonly scan?: Bytes;
  /** The server showed another account key than the link names: it is not answered, and the person is told. */
  readonly refused?: true;
}

/** A code that two people scan face to face. `until`: when it is over without both their words. */
export type StoredEncounter =
  /** Shown here; nobody has answered, and nobody knows the nonce, whose hash the code carries. */
  | {
      readonly kind: 'shown';
      readonly code: Bytes;
      readonly secret: Bytes;
      readonly nonce: Bytes;
      readonly until: number;
    }
  /** Scanned here and answered by the own nonce; the other side has not told the one of this hash yet. */
  | ({
      readonly kind: 'waiting';
      readonly commitment: Bytes;
      readonly answer: Bytes;
      /** The other side's word where it overtook the nonce, unchecked: 32 bytes. */
      readonly early?: Bytes;
    } & StoredSides)
  /** Both know the number. `choices`: this device showed the code, and asks which of them the other screen shows. */
  | ({
      readonly kind: 'asking';
      readonly nonce: Bytes;
      readonly answer: Bytes;
      readonly choices?: readonly string[];
      readonly confirmed: boolean;
      readonly theirs: boolean;
    } & StoredSides)
  /** The person has said no, or has seen what came of it: a second scan asks nothing. */
  | { readonly kind: 'ended'; readonly code: Bytes; readonly account: AccountId; readonly until: number }
  /** Both have confirmed; the person here has not seen it yet. */
  | { readonly kind: 'met'; readonly code: Bytes; readonly account: AccountId };

/** Who is on the other side of a code, under the key that the code or its answer proved. */
interface StoredSides {
  readonly code: Bytes;
  readonly secret: Bytes;
  readonly account: AccountId;
  /** 33 bytes. */
  readonly accountKey: Bytes;
  readonly until: number;
}

/** The start counter. Key `start`. */
export interface StartCounter {
  readonly counter: number;
  /** When old state was announced to the person, today. */
  readonly restoredAt?: readonly number[];
}

/** The account record as last known. Key `record`. */
export interface StoredRecord {
  readonly version: number;
  /** Hash of the sealed form of `version`. */
  readonly hash: Bytes;
  /** CBOR of the record, possibly ahead of `version`. */
  readonly plain: Bytes;
  readonly dirty: boolean;
}

/** Since when prekeys are kept, ms. */
export interface Made {
  readonly madeAt: number;
  /** When the server last said that it holds one of them, exact to a day: no earlier than it was by either clock. */
  readonly heldAt?: number;
  /** The same by this device's clock alone; builds before it wrote `heldAt` alone. */
  readonly heldHereAt?: number;
}

/** Prekeys that were made and what was uploaded. Key `prekeys`. */
export interface PreKeyState {
  readonly nextId: number;
  /** Signed prekeys, each with the last-resort key of the same id; newest last. Kept as long as a queue can hold a message for them. */
  readonly signed: readonly (Made & { readonly id: number })[];
  /** Batches of one-time keys of both kinds. */
  readonly batches: readonly (Made & { readonly firstId: number; readonly count: number })[];
  readonly statedAt: number;
  /** The newest signed prekey that the server has taken; absent before the first was changed. */
  readonly confirmedId?: number;
  /** How often the server held other keys than were uploaded. */
  readonly faults: number;
}

/** When the passphrase is asked for next, and that another own device has changed it. Key `passphrase`. */
export interface StoredCare {
  /** Right answers in a row. */
  readonly answers: number;
  readonly askAt: number;
  /** Until the person has seen it. */
  readonly changed?: { readonly device: DeviceId; readonly at: number };
}

/** Things that only count. Key `counts`. */
export interface Counts {
  /** Envelopes whose outer seal did not open. */
  readonly unopened: number;
  /** Envelopes that named a sender who could not be shown to be one. */
  readonly unproven: number;
}
