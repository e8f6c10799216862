// Everything that the media server is told of a call by people who talk through it, over the link that another process has: nobody's name
// or account, no key, and not which call it is.

import t from 'tap';
import { decodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { Sfu } from '../../sfu/control.ts';
import { openLink } from '../../sfu/link.ts';
import { openCalls, untilRelayed } from '../support/calls-client.ts';
import { WITHOUT_CALLS } from '../support/call-settings.ts';
import { callIs, hangUp, haveCall, makeCallPair } from '../support/make-call.ts';
import { holds } from '../support/needles.ts';
import { openTestSfu } from '../support/open-sfu.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

const SECRET = 'a-secret-of-both-processes-and-nobody-else';
const NAMES = ['ada_of_lovelace', 'ben_of_nowhere'] as const;

/** The same media server; what it is asked and what it says is kept. */
function overheard(sfu: Sfu): { readonly sfu: Sfu; readonly told: unknown[] } {
  const told: unknown[] = [];
  const open: Sfu['open'] = (onEvent) => {
    const channel = sfu.open((event) => {
      told.push(event);
      onEvent(event);
    });
    const request = async (asked: unknown) => {
      told.push(asked);
      const answer = await channel.request(asked);
      told.push(answer);
      return answer;
    };
    return { request, close: () => channel.close() };
  };
  return { sfu: { open, close: () => sfu.close() }, told };
}

t.test(
  'the media server is told of random ids and of what is sealed, and of nobody and no key',
  async (t) => {
    const { sfu, told } = overheard(await openTestSfu(t));
    const link = await openLink({ sfu, secret: SECRET, host: '127.0.0.1', port: 0 });
    t.teardown(() => link.close());
    await using server = await openTestServer({
      settings: {
        ...WITHOUT_CALLS,
        TACET_SFU_URL: `ws://127.0.0.1:${link.port}`,
        TACET_SFU_SECRET: SECRET,
      },
    });
    const asking = await openCalls(server.url.replace('http', 'ws'));
    await untilRelayed(asking);
    await asking.close();
    const pair = await makeCallPair(t, server.url, { names: NAMES });
    const { ada, ben, net, adas, bens } = pair;
    net.isDirectOpen = false;
    await haveCall(pair);
    adas.tell({ kind: 'on', microphone: false, camera: true, screen: false });
    await callIs(ben, 'talking', ({ theirs }) => theirs.camera);
    t.equal(ada.state.call?.way, 'relayed');
    await hangUp(ada);
    await callIs(ben, 'over');

    const kinds = new Set(told.map((each) => (each as { readonly kind: string }).kind));
    for (const kind of ['admit', 'enter', 'produce', 'message']) t.ok(kinds.has(kind), kind);
    const bytes = Buffer.concat(told.map((each) => encodeCbor(each)));
    const people = [ada, ben].map(({ state }) => {
      if (state.session.kind !== 'signed-in') throw new Error('not signed in');
      return state.session.me;
    });
    const tracks = [...adas.media, ...bens.media];
    const needles: readonly (readonly [string, Uint8Array | string])[] = [
      ...people.map(({ account }) => ['an account', decodeB64u(account) ?? account] as const),
      ...people.map(({ username }) => ['a username', username] as const),
      ...people.map(({ name }) => ['a name', name] as const),
      ...tracks.flatMap((each) => (each.kind === 'add-key' ? [['a key', each.baseKey] as const] : [])),
      ...tracks.flatMap((each) => (each.kind === 'open-sender' ? [['the call', each.call] as const] : [])),
    ];
    for (const wanted of ['a key', 'the call'])
      t.ok(
        needles.some(([name]) => name === wanted),
        wanted,
      );
    for (const [name, needle] of needles) t.notOk(holds(bytes, needle), name);
    const rooms = told.flatMap((each) => {
      const { room } = each as { readonly room?: unknown };
      return room instanceof Uint8Array ? [room] : [];
    });
    t.ok(rooms.length > 0 && rooms.every((room) => holds(bytes, room)), 'what is there is found');
  },
);
