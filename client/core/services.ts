/** The parts of a signed-in device that its tasks share, made once by `home.ts`. */
import type { AccountId } from '@tacet/protocol/ids';
import type { PassphraseCare } from './account/passphrase-care.ts';
import type { RecordKeeper } from './account/record.ts';
import type { Session } from './account/session.ts';
import type { Background } from './background.ts';
import type { SaidInCall } from './calls/said-in-call.ts';
import type { Conversations } from './conversations/conversations.ts';
import type { SealedDb } from './db/sealed.ts';
import type { Directory } from './people/directory.ts';
import type { Amending } from './messages/amending.ts';
import type { Outbox } from './messages/outbox.ts';
import type { Receipts } from './messages/receipts.ts';
import type { OwnKeeper } from './own.ts';
import type { People } from './people.ts';
import type { Clock, RandomBytes } from './ports.ts';
import type { Sessions } from './sessions/sessions.ts';
import type { AnonymousConnection } from './transport/anonymous.ts';
import type { Rest } from './transport/rest.ts';
import type { TwoClocks } from './two-clocks.ts';

export interface Services {
  readonly origin: string;
  readonly clock: Clock;
  readonly twoClocks: TwoClocks;
  readonly random: RandomBytes;
  readonly background: Background;
  readonly db: SealedDb;
  readonly rest: Rest;
  readonly session: Session;
  readonly own: OwnKeeper;
  readonly record: RecordKeeper;
  readonly care: PassphraseCare;
  readonly conversations: Conversations;
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly anonymous: AnonymousConnection;
  readonly people: People;
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
  /** The server has accepted something: its receipt is to be asked for. */
  receiptsDue(): void;
}

/** Whether the account has devices beside this one. */
export function hasOtherDevices({ directory }: Pick<Services, 'directory'>): boolean {
  return directory.ownList.devices.length > 1;
}
