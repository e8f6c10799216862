/** What a device at work is made from, and who watches it. */
import type { SessionReply } from '@tacet/protocol/rest/sessions';
import type { Background } from './background.ts';
import type { ConversationWatcher } from './conversations/conversations.ts';
import type { SealedDb } from './db/sealed.ts';
import type { OwnDevice } from './db/stored-device.ts';
import type { Engine } from './engine.ts';
import type { Ports } from './ports.ts';
import type { Rest } from './transport/rest.ts';
import type { CallView, ConnectionState } from './view.ts';

/** Who watches a device at work. */
export interface HomeWatcher extends ConversationWatcher {
  connection(state: ConnectionState): void;
  /** The call of this device has changed. */
  call(call: CallView | undefined): void;
  /** Names, trust or settings have changed. */
  peopleChanged(): void;
  /** The server ended this device, or will not speak with it. */
  ended(why: 'removed' | 'too-old'): void;
}

/** What a device at work is made from. */
export interface HomeParts {
  readonly ports: Ports;
  readonly engine: Engine;
  readonly rest: Rest;
  readonly db: SealedDb;
  readonly own: OwnDevice;
  readonly watcher: HomeWatcher;
  readonly background: Background;
  /** Where sign-up or sign-in has just opened one. */
  readonly session?: SessionReply | undefined;
}
