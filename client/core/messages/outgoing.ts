/** What a caller hands to the outbox: a content for one account, and how it stands to the messages that are shown. */
import type { Content } from '@tacet/protocol/content/index';
import type { AccountId, DeviceId, MessageId } from '@tacet/protocol/ids';

/** Kinds that a person has made: after a key change they wait for a word of his. All others are the device's own business. */
export const WRITTEN: ReadonlySet<string> = new Set(['text', 'edit', 'delete', 'reaction', 'timer']);

/** Kinds that confirm what came: they take a part of what goes to one account as to a stranger, and leave the rest to the others. */
export const RECEIPTS: ReadonlySet<string> = new Set(['delivered', 'read']);

/** What waits for another day, and is passed: receipts, or everything that nobody has written. */
export type Passed = 'receipts' | 'unwritten';

/** What is to be sent. */
export interface Outgoing {
  readonly to: AccountId;
  readonly content: Content;
  readonly id: MessageId;
  readonly sentAt: number;
  /** Whether a message line shows how far it has come. */
  readonly line?: boolean;
  /** The message whose words this holds, if it is not that message itself. */
  readonly about?: MessageId;
  /** Whether the line of `about` shows that this is still on its way. */
  readonly amends?: boolean;
  /** One device alone. */
  readonly only?: DeviceId;
  /** In a session from a fresh bundle. */
  readonly fresh?: boolean;
  /** Of no use later: it is dropped where it has not left by then, ms. Nor does it leave under a key that is not believed. */
  readonly until?: number;
  /** For devices that are connected: no server keeps it. */
  readonly online?: boolean;
}
