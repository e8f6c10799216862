/** The own account and device as a screen knows them: session, devices, invites, and what the person is to be told. */
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import type { RelayState } from '@tacet/protocol/rest/people';
import type { Failure } from './failure.ts';

export interface Me {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly username: string;
  /** Shown name; the username until one is set. */
  readonly name: string;
  /** Seconds of the timer that new conversations begin with; 0 for none. */
  readonly defaultTimer: number;
  /** Whether others are told what was read, and that one writes. */
  readonly readReceipts: boolean;
  readonly typing: boolean;
  /** Whether calls always go through the server, so that nobody who is called or calls learns this one's address. */
  readonly relayCalls: boolean;
  /** Names the picture that is set, for `readPicture`; another picture has another one. */
  readonly picture?: string | undefined;
}

/** Where the app stands as a whole. */
export type SessionState =
  /** Opening local storage. */
  | { readonly kind: 'starting' }
  /** Another tab owns the account with another version of the app, with which this one does not speak. */
  | { readonly kind: 'other-version' }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'signed-in'; readonly me: Me }
  /** There is an account here behind the app lock; nothing of it is in memory, and nothing is received. */
  | { readonly kind: 'locked' }
  /** This device's account is over; local data is gone or locked. */
  | { readonly kind: 'ended'; readonly why: 'signed-out' | 'removed' | 'deleted' }
  /** The server no longer speaks this client's version, or cannot yet. */
  | { readonly kind: 'too-old' }
  | { readonly kind: 'broken'; readonly failure: Failure };

export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'online' }
  /** No connection; the next try starts at `retryAt`. */
  | { readonly kind: 'offline'; readonly retryAt: number };

/** The app lock as it is set. */
export interface LockView {
  /** Locks after this long without anybody; absent: when told to, and at every start. */
  readonly afterMs: number | undefined;
}

/** A reset that a device announced because the passphrase is lost. */
export interface ResetView {
  /** Whether this device announced it and may finish it. */
  readonly isThis: boolean;
  /** Name of the device that announced it. */
  readonly deviceName: string | undefined;
  /** From when it may be finished, and until when. */
  readonly dueAt: number;
  readonly lapsesAt: number;
}

/** The invite that the account came by was not answered: the server shows another key of the inviter than the link names. */
export interface RefusedInvite {
  /** Whose invite it was, by the word of the server. */
  readonly username: string;
}

/**
 * A code that this device showed or scanned, and somebody on the other side of it. `waiting`: the number has not come; `asking`: this
 * screen shows `number`, and the other one asks for it; `choosing`: the other screen shows one of `choices`, this one none; `confirmed`:
 * the person here has said yes; `met`: both have, and the other one is verified; `changed`: his key is another one now, and nothing is
 * marked.
 */
export type EncounterView = {
  readonly id: string;
  readonly account: AccountId;
  /** Absent until it is known. */
  readonly name: string | undefined;
  readonly username: string | undefined;
  /** The username that he gives himself, where his own is not known. */
  readonly claims?: string | undefined;
  /** He was marked before: a refusal takes nothing away. */
  readonly verified: boolean;
} & (
  | { readonly kind: 'waiting'; readonly until: number }
  | { readonly kind: 'choosing'; readonly choices: readonly string[]; readonly until: number }
  | { readonly kind: 'asking'; readonly number: string; readonly until: number }
  | { readonly kind: 'confirmed'; readonly number: string; readonly until: number }
  | { readonly kind: 'met' }
  | { readonly kind: 'changed' }
);

/**
 * What the server was caught at; none of it was accepted. `older-state`: it has shown an older state of the account than this device
 * knows; `forged-devices`: a list of the own devices that the account has not signed; `foreign-keys`: it holds other keys for new
 * conversations than this device has made for them.
 */
export type Caught = 'older-state' | 'forged-devices' | 'foreign-keys';

/** Names an alert when it was seen. */
export type AlertId = DeviceId | Caught | 'restored' | 'clocks';

/** What is told above the list until the person has seen it. */
export type AlertView =
  /** Somebody has added a device to the account, with its passphrase. */
  | {
      readonly what: 'device-added';
      readonly id: DeviceId;
      readonly deviceName: string | undefined;
      /** When this device learnt of it. */
      readonly at: number;
    }
  | { readonly what: Caught; readonly id: Caught; readonly at: number }
  /** The server says that it was restored from a backup; the own devices have brought it what came later. */
  | {
      readonly what: 'restored';
      readonly id: 'restored';
      /** When this device learnt of it. */
      readonly at: number;
      readonly backedUpAt: number;
    }
  /** This device's clock and the server's differ; which of them is right, nobody here knows. */
  | {
      readonly what: 'clocks';
      readonly id: 'clocks';
      /** What this device's clock said when the server said `serverAt`. */
      readonly at: number;
      readonly serverAt: number;
    };

/** What is to be said of the passphrase. */
export interface PassphraseView {
  /** It is time to ask whether it is still at hand. */
  readonly asked: boolean;
  /** Another own device has put another one in force, which the person has not seen yet. */
  readonly changed?: { readonly deviceName: string | undefined; readonly at: number };
}

/** One of the own devices, as far as this one knows. */
export interface DeviceView {
  readonly device: DeviceId;
  /** Known to the own devices only; absent until one of them has told it. */
  readonly name: string | undefined;
  readonly isThis: boolean;
  readonly addedAt: number;
  /** When something of it was last seen here, to the day; absent if nothing was. This device itself: always absent. */
  readonly heardAt: number | undefined;
  /** It has signed out and leaves the list with the next change of it. */
  readonly hasLeft: boolean;
}

/** What a notification may show: nothing at all, that there is a message, from whom, or what it says. */
export type NoticeLevel = 'none' | 'private' | 'name' | 'full';

/** Long work that shows progress. */
export type Progress =
  | { readonly kind: 'stretching' }
  | { readonly kind: 'making-keys' }
  | { readonly kind: 'registering' }
  | { readonly kind: 'opening-vault' }
  | { readonly kind: 'connecting' };

export interface ServerView {
  readonly name: string;
  readonly inviteOnly: boolean;
  readonly fresh: boolean;
  /** Whether calls run through it where they find no direct way, and else why they do not. */
  readonly relay: RelayState;
}

/** An invite link as read from the address: the code for the server, the rest never leaves the browser. */
export interface InviteView {
  readonly link: string;
  /** Absent in a server's first invite. */
  readonly inviterUsername: string | undefined;
  readonly expiresAt: number | undefined;
}

/** An own invite link. */
export interface OwnInviteView {
  /** While it lets somebody in. */
  readonly link: string | undefined;
  /** Unknown of one that an earlier build made. */
  readonly madeAt: number | undefined;
  readonly expiresAt: number;
  /** `unused`: nobody was given it yet. `used`: somebody came by it. */
  readonly state: 'unused' | 'given' | 'used' | 'withdrawn';
  /** Shown name of who came by it. */
  readonly by?: string;
}
