/**
 * What the tests of a file play on: a real server, a proxy and a script for each person, and Ada and Ben who have said one thing each. Each
 * row ends with `stillTalk`: the lies stop, and a message each way arrives. With TACET_HOSTILE_ORIGIN the server is one that runs elsewhere:
 * its store is out of reach, and the tests that need it say so (`needsStore`).
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { ConversationId } from '@tacet/client/core/view';
import type { SettingTexts } from '../../server/config/env.ts';
import type { HostileWire } from '../support/hostile-wire.ts';
import {
  forgetSessions,
  isOnline,
  nameOf,
  openTestClient,
  openWith,
  textsOf,
  type TestClient,
  type TestClientOptions,
} from '../support/make-client.ts';
import type { Disk } from '../support/node-ports.ts';
import { findLastingPort } from '../support/lasting-port.ts';
import { openTestServer, type TestServer } from '../support/open-test-server.ts';
import { makeSpokenPair } from '../support/spoken-pair.ts';
import { openProxy, type Proxy } from './proxy.ts';
import { openStoreEditor, type StoreEditor } from './store-editor.ts';

/** The origin of a server that runs elsewhere, and where invites to it are had, one for each request. */
const ELSEWHERE = process.env['TACET_HOSTILE_ORIGIN'];
const INVITES = process.env['TACET_HOSTILE_INVITES'];

/** Options of a test that edits the database, restarts the server or needs settings of its own. */
export const needsStore = ELSEWHERE === undefined ? {} : { skip: 'needs the store' };

/** Somebody behind a proxy of his own. */
export interface Player {
  readonly username: string;
  /** As others see it. */
  readonly name: string;
  readonly passphrase: string;
  readonly proxy: Proxy;
  readonly wire: HostileWire;
  /** The conversation with the other one of the pair. */
  readonly talk: ConversationId;
  /** Replaced by `Scene.open`. */
  client: TestClient;
}

/** What a client needs to reach the server through a proxy. */
export type Way = Pick<TestClientOptions, 'url' | 'via'>;

export interface Scene extends AsyncDisposable {
  /** The server's origin. */
  readonly origin: string;
  readonly ada: Player;
  readonly ben: Player;
  /** A name that nobody has on this server, beginning with `word`. */
  freshName(word: string): string;
  /** An invite of nobody's, where the server asks for one. */
  freshInvite(): Promise<string | undefined>;
  /** A proxy for somebody else; closed with the scene. */
  newWay(): Promise<{ readonly proxy: Proxy; readonly wire: HostileWire; readonly way: Way }>;
  /** Changes the database while the server is down, and starts it again on the same address. Both are online afterwards. */
  edit<Result>(change: (store: StoreEditor) => Result): Promise<Result>;
  /** Changes the database behind the running server's back. */
  editLive<Result>(change: (store: StoreEditor) => Result): Result;
  /** Opens somebody's client anew on what its disk holds, with the conversation open. `meanwhile`: what happens while it is closed. */
  open(player: Player, meanwhile?: (disk: Disk) => unknown): Promise<TestClient>;
  /** Somebody's device loses its sessions and nothing else: with the next message it asks for keys, and begins anew. */
  forgetSessions(player: Player): Promise<TestClient>;
  /** No lie from here on; a message goes each way, arrives and is shown once. */
  stillTalk(): Promise<void>;
  close(): Promise<void>;
}

export interface SceneOptions {
  /** Settings of the server; a test that gives them is one that `needsStore`. */
  readonly settings?: SettingTexts;
  /** Added to the server's clock; only of a server of the tests' own. */
  readonly serverSkewMs?: () => number;
  readonly adas?: Partial<TestClientOptions>;
  readonly bens?: Partial<TestClientOptions>;
}

/** A server of the tests' own that can be ended and started again. */
async function openOwnServer(given: SettingTexts = {}, skewMs: () => number = () => 0) {
  const overrides = { clock: { now: () => Date.now() + skewMs() } };
  const settings = { ...given, TACET_PORT: await findLastingPort() };
  const first = await openTestServer({ settings, overrides });
  let running: TestServer | undefined = first;
  const { dataDir, url } = first;
  return {
    url,
    dataDir,
    stop: async () => {
      await running?.close();
      running = undefined;
    },
    startAgain: async () => {
      running = await openTestServer({ dataDir, settings, overrides });
    },
    close: async () => {
      await running?.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Opens a scene. The caller closes it. */
export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const own =
    ELSEWHERE === undefined ? await openOwnServer(options.settings, options.serverSkewMs) : undefined;
  if (own !== undefined) opened.defer(() => own.close());
  const origin = own?.url ?? new URL(ELSEWHERE ?? '').origin;
  const mark = own === undefined ? randomBytes(4).toString('hex') : '';
  const freshName = (word: string): string => word + mark;

  async function freshInvite(): Promise<string | undefined> {
    if (INVITES === undefined) return undefined;
    const reply = await fetch(INVITES);
    return reply.text();
  }

  async function newWay() {
    const proxy = await openProxy(origin);
    proxies.push(proxy);
    return { proxy, wire: proxy.wire, way: { url: origin, via: proxy.url } };
  }

  const proxies: Proxy[] = [];
  opened.defer(async () => void (await Promise.all(proxies.map((proxy) => proxy.close()))));
  const [adas, bens] = [await newWay(), await newWay()];
  const names = [freshName('ada'), freshName('ben')] as const;
  const invite = await freshInvite();
  const pair = await makeSpokenPair(origin, {
    names,
    invite,
    adas: { ...adas.way, ...options.adas },
    bens: { ...bens.way, ...options.bens },
  });
  const ada: Player = {
    ...adas,
    username: names[0],
    name: nameOf(names[0]),
    passphrase: pair.adasPassphrase,
    talk: pair.toBen,
    client: pair.ada,
  };
  const ben: Player = {
    ...bens,
    username: names[1],
    name: nameOf(names[1]),
    passphrase: pair.bensPassphrase,
    talk: pair.toAda,
    client: pair.ben,
  };
  opened.defer(async () => void (await Promise.all([ada.client.close(), ben.client.close()])));
  const scene = opened.move();
  let said = 0;

  function store(): { readonly dataDir: string } & NonNullable<typeof own> {
    if (own === undefined) throw new Error('this test needs the store: give it `needsStore`');
    return own;
  }

  async function say(from: Player, to: Player): Promise<void> {
    said += 1;
    const text = `still here, ${said}`;
    await from.client.commands.sendText(from.talk, text);
    const state = await to.client.waitFor(text, (now) => textsOf(now).includes(text));
    if (textsOf(state).filter((each) => each === text).length > 1) throw new Error(`${text}: shown twice`);
  }

  async function open(player: Player, meanwhile?: (disk: Disk) => unknown): Promise<TestClient> {
    const { disk } = player.client.ports;
    await player.client.close();
    await meanwhile?.(disk);
    const changes = player === ada ? options.adas : options.bens;
    player.client = openTestClient({ url: origin, via: player.proxy.url, disk, ...changes });
    await openWith(player.client, player === ada ? ben.name : ada.name);
    await isOnline(player.client);
    return player.client;
  }

  const close = (): Promise<void> => scene.disposeAsync();
  return {
    origin,
    ada,
    ben,
    freshName,
    freshInvite,
    newWay,
    async edit(change) {
      const server = store();
      await server.stop();
      const editor = openStoreEditor(server.dataDir);
      try {
        return change(editor);
      } finally {
        editor.close();
        await server.startAgain();
        for (const { client } of [ada, ben]) {
          await client.commands.connectNow();
          await isOnline(client);
        }
      }
    },
    editLive(change) {
      using editor = openStoreEditor(store().dataDir);
      return change(editor);
    },
    open,
    forgetSessions: (player) => open(player, forgetSessions),
    async stillTalk() {
      for (const player of [ada, ben]) {
        player.wire.behave();
        await player.client.commands.connectNow();
        await isOnline(player.client);
      }
      await say(ada, ben);
      await say(ben, ada);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
