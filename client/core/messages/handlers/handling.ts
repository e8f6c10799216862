/**
 * What a handler of one kind of content gets: who sent it (proved), how that person stands, and the one transaction in which everything
 * that follows from the content is written. A handler waits for nothing but the transaction; what needs the network runs after it.
 */
import type { ContentFrame } from '@tacet/protocol/content/frame';
import type { AccountId, DeviceId, MessageId } from '@tacet/protocol/ids';
import type { PassphraseCare } from '../../account/passphrase-care.ts';
import type { RecordKeeper } from '../../account/record.ts';
import type { Background } from '../../background.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { SealedDb, WriteTx } from '../../db/sealed.ts';
import type { MessageMarks } from '../../db/stored-messages.ts';
import type { SaidInCall } from '../../calls/said-in-call.ts';
import type { Directory } from '../../people/directory.ts';
import type { OwnKeeper } from '../../own.ts';
import type { Clock, RandomBytes } from '../../ports.ts';
import type { BufferedStores } from '../../sessions/stores.ts';
import type { Sessions } from '../../sessions/sessions.ts';
import type { TwoClocks } from '../../two-clocks.ts';
import type { Amending } from '../amending.ts';
import type { Outbox } from '../outbox.ts';
import type { Receipts } from '../receipts.ts';

/** How the sender stands: one of the own devices, an accepted contact, or somebody who is not accepted (yet). */
export type Standing = 'own' | 'accepted' | 'stranger';

/** The services that handlers use. */
export interface HandlerServices {
  readonly db: SealedDb;
  readonly clock: Clock;
  readonly twoClocks: TwoClocks;
  readonly random: RandomBytes;
  readonly background: Background;
  readonly own: OwnKeeper;
  readonly record: RecordKeeper;
  readonly care: PassphraseCare;
  readonly directory: Directory;
  readonly conversations: Conversations;
  readonly sessions: Sessions;
  readonly outbox: Outbox;
  readonly receipts: Receipts;
  readonly amending: Amending;
  /** Somebody has told his keys: what waits for him is tried with them. */
  keysTold(account: AccountId): void;
  /** Reads a contact's profile again, soon. */
  readProfile(account: AccountId): void;
  /** Something that is shown of people has changed outside the record. */
  peopleChanged(): void;
  /** An accepted person has said something about a call. */
  saidInCall(said: SaidInCall): void;
}

/** One content under way. */
export interface Handling extends HandlerServices {
  readonly tx: WriteTx;
  readonly account: AccountId;
  readonly device: DeviceId;
  /** The key that the seal proved, 33 bytes. */
  readonly identityKey: Uint8Array;
  readonly standing: Standing;
  readonly frame: ContentFrame;
  readonly id: MessageId;
  /** When the server took it; the server's word. */
  readonly receivedAt: number;
  readonly stores: BufferedStores;
  /** What is to be said of how it came, if anything. */
  readonly marks: MessageMarks | undefined;
  /** Set when newer numbers of this device came before: what this one says may be overtaken. */
  readonly isLate: boolean;
}

/** How somebody stands now. */
export function standingOf(
  { own, record }: Pick<HandlerServices, 'own' | 'record'>,
  account: AccountId,
): Standing {
  if (account === own.value.account) return 'own';
  return record.contact(account)?.state === 'accepted' ? 'accepted' : 'stranger';
}
