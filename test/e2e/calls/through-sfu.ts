/** A call through the real media server, which the test carries requests to. */
import { CallAnswer, CallEvent } from '../../../protocol/calls/answers.ts';
import type { CallRequest } from '../../../protocol/calls/requests.ts';
import { encodeCbor, parseCbor } from '../../../protocol/cbor.ts';
import { MEDIA_PURPOSES, type Purpose } from '../../../protocol/content/call-said.ts';
import type { Side } from './side.ts';

/** What the test gives the page: a client of the media server by its number, with CBOR in base64. Rejects where it is refused. */
declare const askSfu: (client: number, request: string) => Promise<string>;
/** What the media server has told the client since. */
declare const hearSfu: (client: number) => Promise<readonly string[]>;

type CallEventOf<Kind extends CallEvent['kind']> = Extract<CallEvent, { readonly kind: Kind }>;

/** Of each stream, its place among the four; core seals them. */
export const labels = {
  audio: Uint8Array.of(0),
  camera: Uint8Array.of(1),
  screen: Uint8Array.of(2),
  'screen-audio': Uint8Array.of(3),
};
/** What each client of the media server was told of the other's streams. */
export const received: { [Each in Purpose]?: CallEventOf<'producer-opened'>['producer'] }[] = [{}, {}];

/** A call through the media server: each is a client of it, and plays core with what it tells. */
export async function relay(
  sides: readonly [Side, Side],
  connection: number,
  room: Uint8Array,
): Promise<void> {
  for (const [client, side] of sides.entries()) {
    side.onTold((told) => {
      if (told.kind !== 'relay-request' || told.connection !== connection) return;
      const { re, request } = told;
      ask(client, request).then(
        (answer) => side.core.answerRelay({ re, answer }),
        () => side.core.answerRelay({ re, answer: undefined }),
      );
    });
    const admitted = await ask(client, { kind: 'admit', room, key: new Uint8Array(32).fill(9) });
    if (admitted.kind !== 'admitted') throw new Error('not admitted');
    const join = Uint8Array.of(client);
    const entered = await ask(client, { kind: 'enter', token: admitted.token, join });
    if (entered.kind !== 'entered') throw new Error('not entered');
    await side.core.openRelay({
      connection,
      streams: side.streams(connection),
      capabilities: entered.capabilities,
      labels,
    });
    for (const other of entered.others)
      for (const producer of other.producers) receive(client, side, connection, producer);
  }
  for (const [client, side] of sides.entries()) follow(client, side, connection);
}

async function ask(client: number, request: CallRequest): Promise<CallAnswer> {
  const bytes = await askSfu(client, toBase64(encodeCbor(request)));
  return parseCbor(CallAnswer, fromBase64(bytes));
}

function receive(
  client: number,
  side: Side,
  connection: number,
  { producer, label }: Pick<CallEventOf<'producer-opened'>, 'producer' | 'label'>,
): void {
  const purpose = MEDIA_PURPOSES[label[0] ?? 0];
  if (purpose === undefined) throw new Error('a label of ours');
  received[client] = { ...received[client], [purpose]: producer };
  const stream = side.streams(connection)[purpose].receive;
  side.core
    .receiveRelayed({ connection, purpose, producer, stream })
    .catch((error: unknown) => reportError(error));
}

/** What the media server tells reaches the side that it is told. */
function follow(client: number, side: Side, connection: number): void {
  hearSfu(client)
    .then((events) => {
      for (const bytes of events) {
        const event = parseCbor(CallEvent, fromBase64(bytes));
        if (event.kind === 'producer-opened') receive(client, side, connection, event);
      }
      setTimeout(() => follow(client, side, connection), 100);
    })
    .catch(() => undefined);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0);
}
