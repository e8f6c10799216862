/**
 * Calls of real cores through everything that makes streams anew or might: ways that are lost, places and media workers that end, sockets that
 * drop. Over all of it no key meets a counter twice, and no sender says one key id with one counter for two frames.
 */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { parseHeader } from '../../crypto/sframe/header.ts';
import {
  callIs,
  endOf,
  hangUp,
  haveCall,
  isSeen,
  makeCallPair,
  type CallPair,
} from '../support/make-call.ts';
import { openCallServer } from '../support/call-server.ts';
import { mediaWorkers } from '../support/media-worker.ts';
import { pickSeed, Seeded } from '../support/schedule.ts';
import { countRepeats, tapSeals, type SealedFrame } from '../support/seal-tap.ts';
import { tellTable } from '../support/tell-table.ts';
import type { TestCallWindow } from '../support/test-call-window.ts';

t.setTimeout(5_000_000);

const isSoak = process.env['TACET_SOAK'] === '1';
const CALLS = isSoak ? 20 : 2;
const MOVES = isSoak ? 12 : 6;
/** Media workers that one side of a call may lose. */
const MEDIA_ENDS_MOST = 3;
const FRAMES = 8;

async function until(is: () => boolean): Promise<void> {
  for (let tries = 0; !is(); tries += 1) {
    if (tries > 3_000) throw new Error('it never came so far');
    await delay(20);
  }
}

function tellWay(window: TestCallWindow, state: 'connected' | 'interrupted' | 'failed'): void {
  window.tell({ kind: 'way', connection: window.latest?.connection ?? 0, state });
}

/** Does something, until these have connections of their own after it. */
async function moves(windows: readonly TestCallWindow[], act: () => void): Promise<void> {
  const numbers = () => windows.map(({ latest }) => latest?.connection);
  const before = numbers();
  act();
  await until(() => numbers().every((number, i) => number !== undefined && number !== before[i]));
}

type Move = (pair: CallPair, by: 'ada' | 'ben') => Promise<void>;

async function turnCamera({ ada, adas, bens, ben }: CallPair, by: 'ada' | 'ben'): Promise<void> {
  const [window, other] = by === 'ada' ? [adas, ben] : [bens, ada];
  for (const camera of [true, false, true]) {
    window.tell({ kind: 'on', microphone: true, camera, screen: false });
    await callIs(other, 'talking', ({ theirs }) => theirs.camera === camera);
  }
}

/** The media worker of one ends, and with it every sealer. Through the server the other one stays where it is. */
function endMedia({ ada, adas, bens }: CallPair, by: 'ada' | 'ben'): Promise<void> {
  const window = by === 'ada' ? adas : bens;
  const anew = ada.state.call?.way === 'relayed' ? [window] : [adas, bens];
  return moves(anew, () => window.tell({ kind: 'media-ended' }));
}

const DIRECT = {
  'found anew': async ({ ada, ben, adas, bens }) => {
    const asked = adas.asked.length;
    tellWay(bens, 'interrupted');
    tellWay(adas, 'failed');
    await until(() => adas.asked.slice(asked).includes('takeAnswer'));
    await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
  },
  camera: turnCamera,
} satisfies Readonly<Record<string, Move>>;

const TO_SERVER = {
  'no direct way': async (pair) => {
    pair.net.isDirectOpen = false;
    await moves([pair.adas, pair.bens], () => {
      tellWay(pair.bens, 'interrupted');
      tellWay(pair.adas, 'failed');
    });
  },
  'media worker ended': endMedia,
} satisfies Readonly<Record<string, Move>>;

const RELAYED = {
  camera: turnCamera,
  'media worker ended': endMedia,
  'media server ended': ({ adas, bens }) =>
    moves([adas, bens], () => {
      for (const pid of mediaWorkers()) process.kill(pid, 'SIGKILL');
    }),
  'socket lost': async ({ ada, ben }, by) => {
    const { commands, ports } = by === 'ada' ? ada : ben;
    ports.dropSockets();
    await commands.connectNow();
  },
  'way lost': async ({ adas, bens }, by) => {
    const window = by === 'ada' ? adas : bens;
    const asked = window.asked.length;
    tellWay(window, 'interrupted');
    await until(() => window.asked.slice(asked).includes('restartRelay'));
    tellWay(window, 'connected');
  },
} satisfies Readonly<Record<string, Move>>;

/** Both send, and each hears the other. */
async function bothSend({ adas, bens }: CallPair, words: string): Promise<void> {
  await Promise.all([isSeen(adas, bens, `${words}, ada`), isSeen(bens, adas, `${words}, ben`)]);
  for (const window of [adas, bens]) {
    for (let i = 0; i < FRAMES; i += 1) {
      await window.send('audio', 'more');
      await window.send('camera', 'more');
    }
  }
}

t.test('over moves, restarts and rejoins no key meets a counter twice', async (t) => {
  const seeded = new Seeded(pickSeed());
  t.comment(`repeat with TACET_SEED=${String(seeded.seed)}`);
  const sealed: SealedFrame[] = [];
  tapSeals((frame) => sealed.push(frame));
  const pair = await makeCallPair(t, (await openCallServer(t)).url);
  const { ada, ben, adas, bens } = pair;
  const done = new Map<string, number>();

  for (let call = 1; call <= CALLS; call += 1) {
    pair.net.isDirectOpen = true;
    await haveCall(pair);
    await bothSend(pair, `call ${call}`);
    const ended = { ada: 0, ben: 0 };
    const moveAt = 1 + seeded.below(MOVES >> 1);
    for (let at = 1; at <= MOVES; at += 1) {
      const moves: Readonly<Record<string, Move>> =
        at < moveAt ? DIRECT : at === moveAt ? TO_SERVER : RELAYED;
      const by = seeded.chance(0.5) ? 'ada' : 'ben';
      const names = Object.keys(moves).filter(
        (name) => name !== 'media worker ended' || ended[by] < MEDIA_ENDS_MOST,
      );
      const name = names[seeded.below(names.length)] ?? '';
      if (name === 'media worker ended') ended[by] += 1;
      try {
        await moves[name]?.(pair, by);
        await bothSend(pair, `call ${call}, move ${at}`);
      } catch (cause) {
        throw new Error(`call ${call}, move ${at}, ${name} by ${by}: ${String(cause)}`, { cause });
      }
      done.set(name, (done.get(name) ?? 0) + 1);
    }
    await hangUp(ada);
    t.equal(await endOf(ben), 'hung-up');
    await endOf(ada);
    for (const { commands } of [ada, ben]) await commands.seeCallEnd();
  }

  const sent = [adas, bens].map((window) =>
    window.sealed.map(({ call, frame }) => {
      const header = frame.subarray(0, parseHeader(frame).length);
      return `${call} ${Buffer.from(header).toString('hex')}`;
    }),
  );
  t.equal(sealed.length, sent.flat().length, 'every frame that left was looked at');
  const repeats = countRepeats(sealed.map(({ key, nonce }) => `${key} ${nonce}`));
  const saidTwice = sent.reduce((sum, headers) => sum + countRepeats(headers), 0);
  t.equal(repeats, 0, 'key and nonce');
  t.equal(saidTwice, 0, 'key id and counter of one sender in one call');
  const keys = new Set(sealed.map(({ key }) => key)).size;
  t.ok(keys > CALLS * 4, 'streams were made anew');
  tellTable(
    t,
    ['calls', ...done.keys(), 'keys', 'frames', 'repeats'],
    [[CALLS, ...done.values(), keys, sealed.length, repeats + saidTwice]],
  );
});
