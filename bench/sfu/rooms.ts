/** A room of Tacet's media server with everybody in it, made by the requests that clients make. */
import { randomBytes } from 'node:crypto';
import type { types } from 'mediasoup';
import type { CallAnswer } from '@tacet/protocol/calls/answers';
import { openSfu, type Sfu } from '@tacet/sfu';
import type { OpenTransport } from '../../sfu/transport.ts';
import type { HostOptions, Made } from './host.ts';
import { openSource, openWayOut, STREAM } from './stream.ts';

type Answer<Kind extends CallAnswer['kind']> = CallAnswer & { readonly kind: Kind };
type Ask = <Kind extends CallAnswer['kind']>(kind: Kind, request: unknown) => Promise<Answer<Kind>>;

/** WebRTC's transports need a browser at their other end; these need a port. */
const NO_WEBRTC = {
  ice: { usernameFragment: 'none', password: 'none', iceLite: true },
  candidates: [],
  dtls: { fingerprints: [{ algorithm: 'sha-256' as const, value: Array(32).fill('00').join(':') }] },
  connect: async () => undefined,
  restartIce: async () => ({ usernameFragment: 'none', password: 'none', iceLite: true }),
};

export async function openRooms({ workerPath, sinkPort, consumers }: HostOptions): Promise<Made> {
  let [source, producer]: [types.PlainTransport | undefined, types.Producer | undefined] = [
    undefined,
    undefined,
  ];
  // The first one who enters sends, all others receive.
  const openTransport: OpenTransport = async (router) => {
    if (source !== undefined) return { ...NO_WEBRTC, transport: await openWayOut(router, sinkPort) };
    source = await openSource(router);
    source.observer.on('newproducer', (made) => (producer = made));
    return { ...NO_WEBRTC, transport: source };
  };
  const sfu = await openSfu({
    settings: { workerPath, workers: 1, listenIp: '127.0.0.1', port: 0 },
    log: () => undefined,
    openTransport,
  });
  const room = { room: new Uint8Array(randomBytes(16)), key: new Uint8Array(randomBytes(32)) };
  const sender = await enter(sfu, room, 'send');
  const produce = { kind: 'produce', media: 'video', stream: STREAM, label: new Uint8Array(0) };
  const { producer: id } = await sender.ask('produced', produce);
  for (let i = 0; i < consumers; i++) {
    const { ask, capabilities } = await enter(sfu, room, 'receive');
    const { consumer } = await ask('consumed', { kind: 'consume', producer: id, capabilities });
    await ask('done', { kind: 'set-consumer', consumer, paused: false });
  }
  const [workerPid] = sfu.counts.workers;
  if (source === undefined || producer === undefined || workerPid === undefined)
    throw new Error('the room was not made');
  return { workerPid, transport: source, producer };
}

async function enter(sfu: Sfu, room: object, direction: 'send' | 'receive') {
  const channel = sfu.open(() => undefined);
  const ask: Ask = async (kind, request) => {
    const answer = await channel.request(request);
    if (answer.kind !== kind) throw new TypeError(`answered with ${answer.kind}`);
    return answer as Answer<typeof kind>;
  };
  const { token } = await ask('admitted', { kind: 'admit', ...room });
  const { capabilities } = await ask('entered', { kind: 'enter', token, join: Uint8Array.of(1) });
  await ask('transport', { kind: 'open-transport', direction });
  return { ask, capabilities };
}
