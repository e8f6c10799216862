/** An outbox without a network over a directory scene: what it asks the server is noted, and nobody answers. */
import { Background } from '@tacet/client/core/background';
import { Session } from '@tacet/client/core/account/session';
import { Outbox } from '@tacet/client/core/messages/outbox';
import { ownEngine } from '@tacet/client/core/own-engine';
import { People } from '@tacet/client/core/people';
import type { Clock } from '@tacet/client/core/ports';
import { Sessions } from '@tacet/client/core/sessions/sessions';
import { AnonymousConnection } from '@tacet/client/core/transport/anonymous';
import { Connection } from '@tacet/client/core/transport/connection';
import { Rest } from '@tacet/client/core/transport/rest';
import { makeDirectoryScene, type DirectoryScene } from './directory-scene.ts';

/** The outbox with what it is made of. */
export interface OfflineOutbox extends DirectoryScene {
  readonly outbox: Outbox;
  readonly sessions: Sessions;
  readonly background: Background;
  /** Paths of the requests that it has made. */
  readonly asked: readonly string[];
}

/** Makes one; `kickAll` lets it loose. */
export async function makeOfflineOutbox(clock?: Clock): Promise<OfflineOutbox> {
  const scene = await makeDirectoryScene('by-invite');
  const { ports, own, db, directory, record, conversations } = scene;
  const asked: string[] = [];
  const http: typeof ports.http = async ({ path }) => {
    asked.push(path);
    throw new Error('no network');
  };
  const { random } = ports;
  const time = clock ?? ports.clock;
  const rest = new Rest(http, time);
  const session = new Session({ ...ports, http }, rest, own.value.device, undefined);
  const anonymous = new AnonymousConnection(ports.openSocket, time);
  const people = new People(db, rest, session, anonymous, record, directory, time);
  const connection = new Connection(ports, {
    token: () => Promise.reject(new Error('never started')),
    tokenRefused: () => undefined,
    raiseCounter: () => Promise.resolve(1),
    hurries: () => false,
    opening: () => undefined,
    welcomed: () => Promise.resolve(),
    pushed: () => undefined,
    serverTime: () => undefined,
    state: () => undefined,
    ended: () => undefined,
  });
  const background = new Background();
  const sessions = new Sessions(ownEngine, db, own, time);
  const outbox = new Outbox({
    db,
    clock: time,
    random,
    own,
    directory,
    people,
    sessions,
    rest,
    session,
    anonymous,
    connection,
    background,
    conversations,
    record,
  });
  return { ...scene, outbox, sessions, background, asked };
}
