import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { idOf, type AccountId, type CallId, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { stepCall } from '../../../client/core/calls/call-state.ts';
import {
  runningOf,
  type CallEffect,
  type CallEntry,
  type CallEvent,
  type CallState,
} from '../../../client/core/calls/call-types.ts';
import { seedProperties } from '../../support/seed-properties.ts';

seedProperties(t);

const ada = idOf<AccountId>(randomBytes(16));
const ben = idOf<AccountId>(randomBytes(16));
const carol = idOf<AccountId>(randomBytes(16));
const [adas, bens, bensOther] = [0, 1, 2].map(() => idOf<DeviceId>(randomBytes(16))) as [
  DeviceId,
  DeviceId,
  DeviceId,
];
const callOf = (name: string) => name as CallId;
const CALL = callOf('call');

type EventOf<Kind extends CallEvent['kind']> = Extract<CallEvent, { readonly kind: Kind }>;

const dial: EventOf<'call'> = { kind: 'call', call: CALL, account: ben, media: 'audio', at: 0 };
const rings: EventOf<'ring'> = {
  kind: 'ring',
  call: CALL,
  account: ada,
  device: adas,
  media: 'video',
  isMissed: false,
  at: 0,
};

/** Plays events one after another; gives the state and everything that was to be done. */
function play(...events: readonly CallEvent[]): {
  readonly state: CallState;
  readonly effects: CallEffect[];
} {
  let state: CallState;
  const effects: CallEffect[] = [];
  for (const event of events) {
    const step = stepCall(state, event);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

const kindsOf = (effects: readonly CallEffect[]) =>
  effects.map((effect) => (effect.kind === 'say-end' ? `end ${effect.why}` : effect.kind));
const entriesOf = (effects: readonly CallEffect[]): readonly CallEntry[] =>
  effects.flatMap((effect) => (effect.kind === 'log' ? [effect.entry] : []));

t.test('a call rings, is taken, connects, is talked in and hung up', async (t) => {
  const taken: EventOf<'taken'> = { kind: 'taken', call: CALL, account: ben, device: bens, at: 2_000 };
  const caller = play(
    dial,
    { kind: 'heard', call: CALL, account: ben, at: 100 },
    taken,
    { kind: 'connected', at: 3_000 },
    { kind: 'hang-up', at: 63_000 },
  );
  t.match(caller.state, { kind: 'over', why: 'hung-up', isMine: true, talkedMs: 60_000 });
  t.same(kindsOf(caller.effects), ['say-ring', 'say-chosen', 'connect', 'end hung-up', 'disconnect', 'log']);
  t.match(caller.effects[1], { device: bens });
  const callee = play(
    rings,
    { kind: 'take', media: 'audio', at: 1_000 },
    { kind: 'connected', at: 3_000 },
    { kind: 'ended', call: CALL, account: ada, device: adas, why: 'hung-up', at: 63_000 },
  );
  t.match(callee.state, { kind: 'over', why: 'hung-up', isMine: false, media: 'audio', talkedMs: 60_000 });
  t.same(kindsOf(callee.effects), ['say-heard', 'say-accept', 'connect', 'disconnect', 'log']);
});

t.test('every ending of a ring, on both sides', async (t) => {
  const ring = LIMITS.callRingMs;
  const ended = (why: EventOf<'ended'>['why']): CallEvent => ({
    kind: 'ended',
    call: CALL,
    account: ada,
    device: adas,
    why,
    at: 5_000,
  });
  const chosen = (isHere: boolean): CallEvent => ({
    kind: 'chosen',
    call: CALL,
    account: ada,
    device: adas,
    isHere,
    at: 5_000,
  });
  const mine = play(rings, { kind: 'take', media: 'audio', at: 1 }, chosen(true));
  t.match(mine.state, { kind: 'connecting' });
  const endings: readonly [string, readonly CallEvent[], string, readonly string[]][] = [
    ['the caller gives up', [dial, { kind: 'hang-up', at: 1 }], 'cancelled', ['end cancelled']],
    ['nobody takes it', [dial, { kind: 'tick', at: ring }], 'no-answer', ['end no-answer']],
    ['the callee declines', [rings, { kind: 'hang-up', at: 1 }], 'declined', ['end declined']],
    ['the caller gave up', [rings, ended('cancelled')], 'missed', []],
    ['the caller found nobody', [rings, ended('no-answer')], 'missed', []],
    ['no word comes', [rings, { kind: 'tick', at: ring + 5_000 }], 'missed', []],
    ['another device took it', [rings, chosen(false)], 'elsewhere', []],
    ['another was faster', [rings, { kind: 'take', media: 'audio', at: 1 }, chosen(false)], 'elsewhere', []],
    ['another device declined', [rings, ended('declined')], 'declined', []],
  ];
  for (const [title, events, outcome, ends] of endings) {
    const { state, effects } = play(...events);
    t.equal(state?.kind, 'over', title);
    t.same(
      entriesOf(effects).map((entry) => entry.outcome),
      [outcome],
      title,
    );
    t.same(
      kindsOf(effects).filter((kind) => kind.startsWith('end')),
      ends,
      title,
    );
  }
  for (const why of ['declined', 'busy'] as const) {
    const { state, effects } = play(dial, {
      ...(ended(why) as EventOf<'ended'>),
      account: ben,
      device: bens,
    });
    t.match(state, { kind: 'over', why });
    t.ok(kindsOf(effects).includes(`end ${why}`), 'their other devices hear it');
  }
  const { state, effects } = play({ ...rings, isMissed: true });
  t.equal(state, undefined);
  t.same(
    entriesOf(effects).map(({ outcome }) => outcome),
    ['missed'],
    'a late ring does not ring',
  );
});

t.test('who is in a call is busy, and the call goes on', async (t) => {
  const { state, effects } = play(
    rings,
    { kind: 'take', media: 'audio', at: 1 },
    { ...rings, call: callOf('another'), account: carol, at: 2 },
  );
  t.match(state, { kind: 'connecting', account: ada });
  t.match(effects.slice(3), [
    { kind: 'say-end', call: 'another', to: carol, why: 'busy' },
    { kind: 'log', entry: { account: carol, outcome: 'missed' } },
  ]);
});

t.test('who calls anew from the same device rings again, whatever became of the call before', async (t) => {
  const again: CallEvent = { ...rings, call: callOf('again'), at: 5_000 };
  for (const before of [
    [rings],
    [rings, { kind: 'take', media: 'audio', at: 1 }],
    [rings, { kind: 'take', media: 'audio', at: 1 }, { kind: 'connected', at: 2 }],
  ] as const) {
    const { state, effects } = play(...before, again);
    t.match(state, { kind: 'ringing', side: 'callee', call: 'again' });
    t.notOk(
      kindsOf(effects).some((kind) => kind.startsWith('end')),
      'nobody is told that it is busy',
    );
    t.equal(entriesOf(effects)[0]?.outcome, before.length === 1 ? 'missed' : 'lost');
  }
  const other = play(rings, { ...again, device: bens });
  t.match(other.effects.at(-2), { kind: 'say-end', why: 'busy' }, 'another device of his finds it busy');
});

t.test('the first device that takes it has it, the others are told', async (t) => {
  const taken = (device: DeviceId): CallEvent => ({ kind: 'taken', call: CALL, account: ben, device, at: 9 });
  const { state, effects } = play(dial, taken(bens), taken(bensOther), taken(bens));
  t.match(state, { kind: 'connecting', device: bens });
  t.match(effects.filter(({ kind }) => kind.startsWith('say-')).slice(1), [
    { kind: 'say-chosen', device: bens },
    { kind: 'say-chosen', device: bens },
  ]);
  const late = play(dial, { kind: 'hang-up', at: 1 }, taken(bens));
  t.match(late.effects.at(-1), { kind: 'say-end', why: 'cancelled' }, 'who takes what is over is told');
  const nothing = play(taken(bens));
  t.same(nothing.effects, [], 'a call of another own device is its business');
});

t.test('nobody else ends or takes a call', async (t) => {
  const talking = [
    dial,
    { kind: 'taken', call: CALL, account: ben, device: bens, at: 1 },
    { kind: 'connected', at: 2 },
  ];
  const before = play(...(talking as CallEvent[]));
  const stray: readonly CallEvent[] = [
    { kind: 'ended', call: CALL, account: carol, device: bens, why: 'hung-up', at: 3 },
    { kind: 'ended', call: CALL, account: ben, device: bensOther, why: 'hung-up', at: 3 },
    {
      kind: 'ended',
      call: callOf('another'),
      account: ben,
      device: bens,
      why: 'hung-up',
      at: 3,
    },
    { kind: 'taken', call: CALL, account: carol, device: bensOther, at: 3 },
    { kind: 'heard', call: CALL, account: carol, at: 3 },
    { kind: 'call', call: callOf('another'), account: carol, media: 'audio', at: 3 },
    { kind: 'take', media: 'video', at: 3 },
  ];
  for (const event of stray)
    t.same(stepCall(before.state, event), { state: before.state, effects: [] }, event.kind);
});

t.test('a connection may go for half a minute', async (t) => {
  const events: readonly CallEvent[] = [
    rings,
    { kind: 'take', media: 'audio', at: 0 },
    { kind: 'connected', at: 1_000 },
    { kind: 'interrupted', at: 5_000 },
    { kind: 'failed', at: 6_000 },
  ];
  const still = play(...events, { kind: 'tick', at: 34_999 });
  t.match(still.state, { kind: 'talking', lostAt: 5_000 });
  const back = play(...events, { kind: 'connected', at: 20_000 }, { kind: 'tick', at: 60_000 });
  t.match(back.state, { kind: 'talking', lostAt: undefined });
  const lost = play(...events, { kind: 'tick', at: 35_000 });
  t.match(lost.state, { kind: 'over', why: 'lost', talkedMs: 34_000 });
  t.same(kindsOf(lost.effects).slice(-3), ['end lost', 'disconnect', 'log']);
  const never = play(
    dial,
    { kind: 'taken', call: CALL, account: ben, device: bens, at: 0 },
    { kind: 'tick', at: 30_000 },
  );
  t.match(never.state, { kind: 'over', why: 'failed' });
});

/** A device in a world of few, whose contents may be lost or overtake each other. */
interface Device {
  readonly account: AccountId;
  readonly device: DeviceId;
  state: CallState;
  readonly log: CallEntry[];
}

/** What one device says to all devices of an account. */
interface Said {
  readonly effect: Extract<CallEffect, { readonly call: CallId; readonly to: AccountId }>;
  readonly from: Device;
  readonly to: Device;
  readonly media: 'audio' | 'video';
}

function eventOf({ effect, from, to, media }: Said, at: number): CallEvent {
  const { account, device } = from;
  const { call } = effect;
  switch (effect.kind) {
    case 'say-ring':
      return { kind: 'ring', call, account, device, media, isMissed: false, at };
    case 'say-heard':
      return { kind: 'heard', call, account, at };
    case 'say-accept':
      return { kind: 'taken', call, account, device, at };
    case 'say-end':
      return { kind: 'ended', call, account, device, why: effect.why, at };
    case 'say-chosen':
      return { kind: 'chosen', call, account, device, isHere: effect.device === to.device, at };
  }
}

type Act =
  | { readonly kind: 'person'; readonly who: number; readonly does: 'call' | 'take' | 'hang-up' }
  | { readonly kind: 'arrives'; readonly which: number; readonly isLost: boolean }
  | {
      readonly kind: 'connection';
      readonly who: number;
      readonly what: 'connected' | 'interrupted' | 'failed';
    }
  | { readonly kind: 'time'; readonly ms: number };

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('person' as const),
      who: fc.nat(3),
      does: fc.constantFrom('call', 'take', 'hang-up'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('arrives' as const),
      which: fc.nat(20),
      isLost: fc.nat(9).map((n) => n === 0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('connection' as const),
      who: fc.nat(3),
      what: fc.constantFrom('connected', 'interrupted', 'failed'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(40_000) }) },
) as fc.Arbitrary<Act>;

/** Two people with two devices each who call, take and hang up as they like; `end` lets everything arrive and time pass. */
function makeWorld() {
  let [now, calls] = [0, 0];
  const devices: readonly Device[] = [ada, ada, ben, ben].map((account) => ({
    account,
    device: idOf<DeviceId>(randomBytes(16)),
    state: undefined,
    log: [],
  }));
  const onTheWay: Said[] = [];
  /** Devices that a call connects, by its id. */
  const connects = new Map<CallId, Set<Device>>();
  const happen = (device: Device, event: CallEvent): void => {
    const { state, effects } = stepCall(device.state, event);
    device.state = state;
    for (const effect of effects) {
      if (effect.kind === 'log') device.log.push(effect.entry);
      else if (effect.kind === 'connect') {
        const held = connects.get(effect.call) ?? new Set();
        connects.set(effect.call, held.add(device));
      } else if (effect.kind !== 'disconnect') {
        const media = state?.media ?? 'audio';
        for (const to of devices) {
          if (to.account === effect.to) onTheWay.push({ effect, from: device, to, media });
        }
      }
    }
  };
  const arrive = (which: number, isLost: boolean): void => {
    const [said] = onTheWay.splice(which % Math.max(1, onTheWay.length), 1);
    if (said !== undefined && !isLost) happen(said.to, eventOf(said, now));
  };
  return {
    devices,
    connects,
    act(act: Act): void {
      switch (act.kind) {
        case 'person': {
          const device = devices[act.who];
          if (device === undefined) return;
          if (act.does === 'call') {
            const account = device.account === ada ? ben : ada;
            calls += 1;
            // In no order.
            const call = callOf(`${String((calls * 7) % 10)}-${String(calls)}`);
            happen(device, { kind: 'call', call, account, media: 'audio', at: now });
          } else happen(device, { kind: act.does, media: 'audio', at: now });
          return;
        }
        case 'arrives':
          arrive(act.which, act.isLost);
          return;
        case 'connection': {
          const device = devices[act.who];
          if (device !== undefined) happen(device, { kind: act.what, at: now });
          return;
        }
        case 'time':
          now += act.ms;
          for (const device of devices) happen(device, { kind: 'tick', at: now });
      }
    },
    end(): void {
      while (onTheWay.length > 0) arrive(0, false);
      for (const device of devices) {
        if (device.state?.kind === 'talking') happen(device, { kind: 'interrupted', at: now });
      }
      for (let i = 0; i < 4; i += 1) {
        now += 100_000;
        for (const device of devices) happen(device, { kind: 'tick', at: now });
        while (onTheWay.length > 0) arrive(0, false);
      }
    },
  };
}

t.test(
  'whatever is lost or comes late, each call ends for everybody and stands once in each log',
  async (t) => {
    const numRuns = process.env['TACET_SOAK'] === '1' ? 100_000 : 3_000;
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 60 }), (script) => {
        const world = makeWorld();
        for (const act of script) world.act(act);
        world.end();
        for (const { state, log } of world.devices) {
          if (runningOf(state) !== undefined) throw new Error(`still ${String(state?.kind)}`);
          const ids = log.map(({ call }) => call);
          if (new Set(ids).size !== ids.length) throw new Error('one call stands twice in a log');
        }
        for (const [call, devices] of world.connects) {
          const callers = [...devices].filter(({ log }) =>
            log.some((entry) => entry.call === call && entry.side === 'caller'),
          );
          if (callers.length > 1) throw new Error('two devices called with one id');
        }
      }),
      { numRuns },
    );
    t.pass();
  },
);

t.test('two people who call each other at the same moment talk', async (t) => {
  const world = makeWorld();
  const [first, , second] = world.devices;
  if (first === undefined || second === undefined) throw new Error('no devices');
  world.act({ kind: 'person', who: 0, does: 'call' });
  world.act({ kind: 'person', who: 2, does: 'call' });
  for (let i = 0; i < 40; i += 1) world.act({ kind: 'arrives', which: 0, isLost: false });
  t.match([first.state, second.state], [{ kind: 'connecting' }, { kind: 'connecting' }]);
  t.equal(first.state?.call, second.state?.call);
  t.same(new Set([first.state?.side, second.state?.side]), new Set(['caller', 'callee']));
  for (const { state, log } of world.devices.filter((_, i) => i % 2 === 1)) {
    t.equal(runningOf(state), undefined, 'the other devices ring no more');
    t.ok(log.every(({ outcome }) => outcome === 'elsewhere'));
  }
});
