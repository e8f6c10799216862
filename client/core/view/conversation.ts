/** Conversations as a screen knows them: who is in them, their lines, and how they are shown and checked. */
import type { CallEnd, CallMedia } from '@tacet/protocol/content/call';
import type { AccountId, DeviceId, MessageId } from '@tacet/protocol/ids';
import type { Failure } from './failure.ts';

/** A conversation's id is the other account's. */
export type ConversationId = AccountId;

/** How far an own message has come, over all devices of the other person; `failed` keeps the text and can be sent again. */
export type Delivery =
  | { readonly kind: 'sending' }
  /** Written before the other's key changed: waits until the person sends or discards it. */
  | { readonly kind: 'held' }
  | { readonly kind: 'sent' }
  | { readonly kind: 'delivered'; readonly at: number }
  | { readonly kind: 'read'; readonly at: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface PersonView {
  readonly account: AccountId;
  /** As he was looked up or invited by: he is found by it. */
  readonly username: string | undefined;
  /** What he says that it is, while this account knows none: shown as his word, and nobody is found by it. */
  readonly claims?: string | undefined;
  /** Profile name, else username, else a short form of the id. */
  readonly name: string;
  /** Names the picture that is known, for `readPicture`; another picture has another one. */
  readonly picture?: string | undefined;
  /** Names the account key that is shown; another key has another one. */
  readonly key?: string | undefined;
  /** How the account key came to be believed. */
  readonly trust: 'unverified' | 'by-invite' | 'verified';
  /** Verified under another key than the one that is shown now: nothing is sent until the person has decided. */
  readonly changed?: boolean | undefined;
  /** How often a session with him was begun anew today (UTC), because something was missing or could not be read; absent where none was. */
  readonly renewals?: number | undefined;
}

/** Names a message of the open conversation: ids are unique for each author. */
export interface MessageRef {
  readonly id: MessageId;
  readonly mine: boolean;
}

/** The message that another one replies to. */
export interface QuoteView extends MessageRef {
  /** Where it stands; only while it is `here`. */
  readonly order?: number;
  /** Its first words as they are now; empty where it was deleted or is gone. */
  readonly text: string;
  /** `here`: in this conversation on this device; `told`: never came here, so these are the words of whoever replied, or none where they are not kept. */
  readonly state: 'here' | 'told' | 'gone';
}

/** A line of a conversation, in display order. */
export type Line =
  | {
      readonly kind: 'message';
      readonly id: MessageId;
      /** Position in the conversation, dense, ascending. */
      readonly order: number;
      readonly mine: boolean;
      readonly text: string;
      readonly sentAt: number;
      /** When this device got it; for own messages equal to `sentAt`. */
      readonly receivedAt: number;
      readonly delivery: Delivery;
      /** It was missing here when later ones came. */
      readonly late?: boolean;
      readonly reply?: QuoteView;
      /** At most one of each person. */
      readonly reactions?: readonly { readonly emoji: string; readonly mine: boolean }[];
      /** When its text last changed, by its author's clock. The texts before are not kept. */
      readonly editedAt?: number;
      /** Deleted by its author for everyone; `text` is empty. */
      readonly deletedAt?: number;
      /** An own edit or deletion that has not left yet, or could not. */
      readonly change?: 'sending' | 'failed';
      /** Seconds that it stays once it was sent or read; absent for ever. */
      readonly timer?: number;
      /** When it goes, once its time runs. */
      readonly expiresAt?: number;
    }
  /** A permanent line about keys, gaps, repairs, and contents of a newer version. */
  | {
      readonly kind: 'event';
      readonly order: number;
      readonly at: number;
      readonly event:
        | { readonly what: 'key-changed' }
        | { readonly what: 'gap'; readonly missing: number }
        /** `asked`: its sender was asked to send it again. */
        | { readonly what: 'unreadable'; readonly asked?: boolean }
        | { readonly what: 'newer-version' }
        /** Messages disappear after so many seconds from here on; 0: they stay. */
        | { readonly what: 'timer'; readonly seconds: number; readonly mine: boolean }
        /** This device ran on an older copy of its data: keys were begun anew, and what came between may be missing here. */
        | { readonly what: 'restored' }
        | { readonly what: 'invite-accepted' }
        /** `mine`: this side called. `missed`: the other did, and nobody here answered; counts as unread. `talkedMs`: absent where nobody talked. */
        | {
            readonly what: 'call';
            readonly media: CallMedia;
            readonly mine: boolean;
            readonly outcome: CallEnd | 'missed';
            readonly talkedMs?: number;
          };
    };

/**
 * How two people stand. `request`: a stranger has written and waits for an answer; `new`: found by name, nothing written yet; `blocked`:
 * nothing goes to him and nothing of him is shown.
 */
export type Relation = 'accepted' | 'request' | 'new' | 'blocked';

export interface ConversationSummary {
  readonly id: ConversationId;
  readonly person: PersonView;
  readonly state: Relation;
  readonly last:
    | {
        readonly text: string;
        readonly at: number;
        readonly mine: boolean;
        readonly delivery: Delivery;
        readonly deleted?: boolean;
      }
    | undefined;
  readonly unread: number;
  readonly typing: boolean;
  readonly draft: string;
}

/** Where in a conversation: at its end, at a line, or at the first line of a day (`at`: its first instant). */
export type LinePlace =
  | { readonly to: 'latest' }
  | { readonly to: 'order'; readonly order: number }
  | { readonly to: 'day'; readonly at: number };

/** The conversation that this view has open: a stretch of its lines, more in both directions on demand. */
export interface OpenConversation {
  readonly id: ConversationId;
  readonly person: PersonView;
  readonly state: Relation;
  readonly lines: readonly Line[];
  readonly hasEarlier: boolean;
  /** Newer lines are not among these. */
  readonly hasLater: boolean;
  /** Order of the newest line, whether it is among these or not. */
  readonly newest: number;
  /** Messages of the other side that have not been seen. */
  readonly unread: number;
  readonly typing: boolean;
  /**
   * The line to be brought in sight because somebody asked for it; without an order the end. A higher turn is another wish; without
   * one the conversation was opened as it stands.
   */
  readonly target: { readonly order: number | undefined; readonly turn: number } | undefined;
  /** First unread order when it was opened, for the unread line. */
  readonly unreadFrom: number | undefined;
  readonly draft: string;
  /** Seconds after which messages disappear; 0: they stay. */
  readonly timer: number;
  /** The verified key has changed: nothing is sent until the person has compared again or goes on unverified. */
  readonly blocked: boolean;
  /** Messages that were written before a key change and wait to be sent or discarded. */
  readonly waiting: number;
  /** Edits, deletions, reactions and timers that wait likewise. */
  readonly waitingChanges: number;
}

/** What is known of one message besides its words. */
export interface MessageDetails {
  readonly sentAt: number;
  readonly receivedAt: number;
  /** Encrypted, for one device at least, in a session that began without a one-time prekey and had no answer yet. */
  readonly reduced: boolean;
  /** It came more than two hours after it was sent, though this device was connected and had got everything that waited. */
  readonly delayed: boolean;
  /** Of an own message: the other person's devices that it went to, each with what it has told. */
  readonly devices: readonly {
    readonly device: DeviceId;
    /** When it was added to the account, as its list says; unknown of a device that is no longer listed. */
    readonly addedAt: number | undefined;
    readonly deliveredAt: number | undefined;
    readonly readAt: number | undefined;
  }[];
}

/** The safety number of two people: what they read to each other, and what a camera reads. */
export interface SafetyNumber {
  /** 60 digits, the same on both sides. */
  readonly digits: string;
  /** Bytes for a code. */
  readonly code: Uint8Array;
}

/**
 * What a scanned code says. `another-person`: it belongs to somebody else or is shown for somebody else; `equal-to-earlier`: it is the
 * key that was verified before the present change.
 */
export type CodeComparison =
  | 'equal'
  | 'different'
  | 'equal-to-earlier'
  | 'another-person'
  | 'newer-version'
  | 'older-version'
  | 'not-a-code';
