/**
 * A hostile person: somebody whom Ada has accepted, with a client of his own whose sessions and numbering hold, and whose contents and
 * ciphertexts are what a test makes of them. What he says must change nothing but his conversation.
 */
import { randomBytes } from 'node:crypto';
import type { ConversationId } from '@tacet/client/core/view';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { HostileWire } from '../support/hostile-wire.ts';
import { makeLyingEngine, type LyingEngine } from '../support/lying-engine.ts';
import {
  linesOf,
  nameOf,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
  type TestClientOptions,
} from '../support/make-client.ts';
import type { Proxy } from './proxy.ts';
import type { Scene } from './scene.ts';

export interface Liar extends AsyncDisposable {
  readonly client: TestClient;
  readonly wire: HostileWire;
  readonly liar: LyingEngine;
  readonly name: string;
  readonly username: string;
  readonly passphrase: string;
  /** His conversation with Ada. */
  readonly toAda: ConversationId;
  /** Says an honest text; resolves when the server has it. */
  send(words: string): Promise<void>;
  /** Says something by a lie; resolves when the server has it. */
  say(lie: NonNullable<LyingEngine['lie']>): Promise<void>;
  /** Says a content of this kind, whatever its body is. */
  sayBody(kind: string, body: unknown, id?: Uint8Array): Promise<void>;
  /** Says something in another ciphertext; resolves when the server has it. */
  exchange(exchange: NonNullable<LyingEngine['exchange']>): Promise<void>;
}

/** He in a scene, with the conversation open on both sides. */
export interface Mallory extends Liar {
  /** Ada's conversation with him. */
  readonly toMallory: ConversationId;
  /** Says something honest; everything before it has been worked off on these devices of Ada's, whose open conversation this is. */
  settle(words: string, ...devices: readonly TestClient[]): Promise<void>;
}

/** Lets him sign up by an invite of Ada's, and opens his side of the conversation. */
export async function openLiar(
  { url: via, wire }: Pick<Proxy, 'url' | 'wire'>,
  {
    username,
    invite,
    ada,
    ...options
  }: Pick<TestClientOptions, 'url' | 'skewMs'> & {
    readonly username: string;
    readonly invite: string;
    /** Her name as others see it. */
    readonly ada: string;
  },
): Promise<Liar> {
  const liar = makeLyingEngine();
  const client = openTestClient({ ...options, via, engine: liar.engine });
  const { passphrase } = await signUp(client, username, invite);
  const toAda = await openWith(client, ada);

  async function send(words: string): Promise<void> {
    await client.commands.sendText(toAda, words);
    await client.waitFor(`${words}: sent`, (state) => {
      const { kind } = linesOf(state).findLast(({ text }) => text === words)?.delivery ?? {};
      return kind === 'sent' || kind === 'delivered' || kind === 'read';
    });
  }

  async function say(lie: NonNullable<LyingEngine['lie']>): Promise<void> {
    liar.lie = lie;
    await send(`honest ${randomBytes(6).toString('hex')}`);
    liar.lie = undefined;
  }

  return {
    client,
    wire,
    liar,
    name: nameOf(username),
    username,
    passphrase,
    toAda,
    send,
    say,
    sayBody: (kind, body, id = randomBytes(16)) =>
      say((honest) => ({ ...honest, id: Uint8Array.from(id), kind, body: encodeCbor(body) })),
    async exchange(exchange) {
      liar.exchange = exchange;
      await send(`honest ${randomBytes(6).toString('hex')}`);
      liar.exchange = undefined;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Opens him, with the conversation open on both sides. */
export async function openMallory(
  scene: Scene,
  options: Pick<TestClientOptions, 'skewMs'> = {},
): Promise<Mallory> {
  const { proxy } = await scene.newWay();
  const username = scene.freshName('mallory');
  const { link: invite } = await scene.ada.client.commands.makeInvite();
  const his = await openLiar(proxy, { ...options, url: scene.origin, username, invite, ada: scene.ada.name });
  const toMallory = await openWith(scene.ada.client, his.name);
  return {
    ...his,
    toMallory,
    async settle(words, ...devices) {
      await his.send(words);
      for (const device of devices.length === 0 ? [scene.ada.client] : devices) {
        await device.waitFor(words, (state) => textsOf(state).includes(words));
      }
    },
  };
}
