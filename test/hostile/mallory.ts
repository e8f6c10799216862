/**
 * A hostile person in a scene: somebody whom Ada has accepted, with a client of his own whose sessions and numbering hold, and whose
 * contents and ciphertexts are what a test makes of them. What he says must change nothing but his conversation.
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
import type { Scene } from './scene.ts';

export interface Mallory extends AsyncDisposable {
  readonly client: TestClient;
  readonly wire: HostileWire;
  readonly liar: LyingEngine;
  readonly name: string;
  /** His conversation with Ada, and hers with him. */
  readonly toAda: ConversationId;
  readonly toMallory: ConversationId;
  /** Says something by a lie; resolves when the server has it. */
  say(lie: NonNullable<LyingEngine['lie']>): Promise<void>;
  /** Says a content of this kind, whatever its body is. */
  sayBody(kind: string, body: unknown, id?: Uint8Array): Promise<void>;
  /** Says something in another ciphertext; resolves when the server has it. */
  exchange(exchange: NonNullable<LyingEngine['exchange']>): Promise<void>;
  /** Says something honest; everything before it has been worked off on these devices of Ada's, whose open conversation this is. */
  settle(words: string, ...devices: readonly TestClient[]): Promise<void>;
}

/** Opens him, with the conversation open on both sides. */
export async function openMallory(
  scene: Scene,
  options: Pick<TestClientOptions, 'skewMs'> = {},
): Promise<Mallory> {
  const liar = makeLyingEngine();
  const { wire, way } = await scene.newWay();
  const username = scene.freshName('mallory');
  const { link } = await scene.ada.client.commands.makeInvite();
  const client = openTestClient({ ...way, ...options, engine: liar.engine });
  await signUp(client, username, link);
  const toAda = await openWith(client, scene.ada.name);
  const toMallory = await openWith(scene.ada.client, nameOf(username));

  /** Sends one text through whatever stands between, until the server has it. */
  async function send(words: string): Promise<void> {
    await client.commands.sendText(toAda, words);
    await client.waitFor(`${words}: sent`, (state) => {
      const { kind } = linesOf(state).findLast(({ text }) => text === words)?.delivery ?? {};
      return kind === 'sent' || kind === 'delivered' || kind === 'read';
    });
  }

  const mallory: Mallory = {
    client,
    wire,
    liar,
    name: nameOf(username),
    toAda,
    toMallory,
    async say(lie) {
      liar.lie = lie;
      await send(`honest ${randomBytes(6).toString('hex')}`);
      liar.lie = undefined;
    },
    sayBody: (kind, body, id = randomBytes(16)) =>
      mallory.say((honest) => ({ ...honest, id: Uint8Array.from(id), kind, body: encodeCbor(body) })),
    async exchange(exchange) {
      liar.exchange = exchange;
      await send(`honest ${randomBytes(6).toString('hex')}`);
      liar.exchange = undefined;
    },
    async settle(words, ...devices) {
      await send(words);
      for (const device of devices.length === 0 ? [scene.ada.client] : devices) {
        await device.waitFor(words, (state) => textsOf(state).includes(words));
      }
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
  return mallory;
}
