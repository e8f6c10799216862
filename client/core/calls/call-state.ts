/**
 * What becomes of a call between two people, as a function: where it stands and something that happened give where it stands then and
 * what is to be done about it. A device has one call at a time. Nothing here knows a clock, a network or a browser; ids are compared as texts.
 *
 *   nothing -> ringing -> connecting -> talking -> over
 *
 * The caller rings all devices of the callee; the first that takes the call has it, and the caller says which it is. Where
 * two people call each other at the same moment, the call with the lower id goes on and the other side takes it by itself.
 */
import type { CallEnd } from '@tacet/protocol/content/call';
import type { AccountId, CallId, DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import {
  runningOf,
  type Begun,
  type CallEffect,
  type CallEntry,
  type CallEvent,
  type CallState,
  type CallStep,
  type Rung,
  type Running,
} from './call-types.ts';

/** How long the callee's device rings beyond the caller's patience: the word that it is over may be on its way. */
const GRACE_MS = 5_000;
/** How long a call that was taken may need to connect. */
const CONNECT_MS = 30_000;
/** How long a connection that went may need to come back. */
const RETURN_MS = 30_000;

/** What follows from an event. An event that says nothing about the state changes nothing. */
export function stepCall(state: CallState, event: CallEvent): CallStep {
  const running = runningOf(state);
  const same: CallStep = { state, effects: [] };
  switch (event.kind) {
    case 'call':
      return running === undefined ? begin(event) : same;
    case 'ring':
      return rung(state, event);
    case 'tick':
      return running === undefined ? same : ticked(running, event.at);
    case 'taken':
      return taken(state, event);
    case 'heard':
      return running?.kind === 'ringing' && running.side === 'caller' && isOf(running, event)
        ? { state: { ...running, isHeard: true }, effects: [] }
        : same;
    case 'ended':
      return running !== undefined && isOf(running, event) ? ended(running, event) : same;
    case 'chosen':
      return running !== undefined && isOf(running, event) ? chosen(running, event) : same;
    case 'take':
      return running?.kind === 'ringing' && running.side === 'callee' ? take(running, event) : same;
    case 'hang-up':
      return running === undefined ? same : hungUp(running, event.at);
    case 'broken':
      return running === undefined ? same : giveUp(running, 'failed', event.at);
    case 'connected':
    case 'interrupted':
    case 'failed':
      return running === undefined ? same : connection(running, event.kind, event.at);
  }
}

function isOf(
  { call, account }: Begun,
  event: { readonly call: CallId; readonly account: AccountId },
): boolean {
  return call === event.call && account === event.account;
}

function begin({ call, account, media, at }: Extract<CallEvent, { kind: 'call' }>): CallStep {
  return {
    state: { kind: 'ringing', call, account, side: 'caller', media, since: at, isHeard: false },
    effects: [{ kind: 'say-ring', call, to: account }],
  };
}

/** Somebody calls. */
function rung(state: CallState, event: Extract<CallEvent, { kind: 'ring' }>): CallStep {
  const { call, account, device, media, at } = event;
  const same: CallStep = { state, effects: [] };
  // A ring that comes again.
  if (state?.call === call) return same;
  const begun = { call, account, side: 'callee', media, since: at } as const;
  const running = runningOf(state);
  if (event.isMissed) return { state, effects: [logged(begun, 'missed')] };
  if (running === undefined) {
    return {
      state: { ...begun, side: 'callee', kind: 'ringing', device },
      effects: [{ kind: 'say-heard', call, to: account }],
    };
  }
  if (running.side === 'callee' && running.account === account && running.device === device) {
    // The same device calls anew: of the call before it knows nothing any more.
    const { effects } = finish(running, 'lost', false, at);
    const next = rung(undefined, event);
    return { state: next.state, effects: [...effects, ...next.effects] };
  }
  if (running.kind === 'ringing' && running.account === account && running.side === 'caller') {
    // Both have called: the other side sees the same two ids.
    if (running.call < call) return same;
    return {
      state: { ...begun, media: running.media, kind: 'connecting', device, takenAt: at },
      // The other devices of that account ring with the one that is given up.
      effects: [
        { kind: 'say-end', call: running.call, to: account, why: 'elsewhere' },
        ...accepting(begun, device),
      ],
    };
  }
  return {
    state,
    effects: [{ kind: 'say-end', call, to: account, why: 'busy' }, logged(begun, 'missed')],
  };
}

function accepting({ call, account }: Begun, device: DeviceId): readonly CallEffect[] {
  return [
    { kind: 'say-accept', call, to: account },
    { kind: 'connect', call, device, side: 'callee' },
  ];
}

/** The person takes the call. */
function take(rung: Rung, { media, at }: Extract<CallEvent, { kind: 'take' }>): CallStep {
  const { device, ...begun } = rung;
  return {
    state: { ...begun, media, kind: 'connecting', takenAt: at, device },
    effects: accepting(begun, device),
  };
}

/** A device of the callee has taken the call. */
function taken(state: CallState, event: Extract<CallEvent, { kind: 'taken' }>): CallStep {
  const { call, account, device, at } = event;
  if (state === undefined || !isOf(state, event) || state.side !== 'caller') return { state, effects: [] };
  switch (state.kind) {
    case 'ringing': {
      const { isHeard: _, ...begun } = state;
      return {
        state: { ...begun, kind: 'connecting', device, takenAt: at },
        effects: [
          { kind: 'say-chosen', call, to: account, device },
          { kind: 'connect', call, device, side: 'caller' },
        ],
      };
    }
    case 'connecting':
    case 'talking':
      // All of them hear who has it; the one that has it knows.
      if (device === state.device) return { state, effects: [] };
      return {
        state,
        effects: [{ kind: 'say-chosen', call, to: account, device: state.device }],
      };
    case 'over':
      return { state, effects: [{ kind: 'say-end', call, to: account, why: state.why }] };
  }
}

/** The other side says that it is over. */
function ended(running: Running, event: Extract<CallEvent, { kind: 'ended' }>): CallStep {
  const { why, device, at } = event;
  const { call, account } = running;
  if (running.kind === 'ringing' && running.side === 'caller') {
    // The callee's other devices hear it from here.
    return finish(running, why, false, at, [{ kind: 'say-end', call, to: account, why }]);
  }
  // Nobody but the device that calls, or is talked to, ends it.
  if (running.device !== device) return { state: running, effects: [] };
  return finish(running, why, false, at);
}

/** The caller says who has the call. */
function chosen(running: Running, { device, isHere, at }: Extract<CallEvent, { kind: 'chosen' }>): CallStep {
  const isOther = running.side === 'callee' && running.device === device && !isHere;
  return isOther ? finish(running, 'elsewhere', false, at) : { state: running, effects: [] };
}

function hungUp(running: Running, at: number): CallStep {
  const { call, account, kind, side } = running;
  const why = kind !== 'ringing' ? 'hung-up' : side === 'caller' ? 'cancelled' : 'declined';
  return finish(running, why, true, at, [{ kind: 'say-end', call, to: account, why }]);
}

function connection(running: Running, what: 'connected' | 'interrupted' | 'failed', at: number): CallStep {
  const same: CallStep = { state: running, effects: [] };
  switch (running.kind) {
    case 'ringing':
      // The caller's: nothing can be offered here.
      return what === 'failed' && running.side === 'caller' ? giveUp(running, 'failed', at) : same;
    case 'connecting': {
      if (what === 'interrupted') return same;
      if (what === 'failed') return giveUp(running, 'failed', at);
      const { takenAt: _, ...begun } = running;
      return { state: { ...begun, kind: 'talking', connectedAt: at, lostAt: undefined }, effects: [] };
    }
    case 'talking':
      // One that failed may be made anew until its time is over.
      return {
        state: { ...running, lostAt: what === 'connected' ? undefined : (running.lostAt ?? at) },
        effects: [],
      };
  }
}

function ticked(running: Running, at: number): CallStep {
  switch (running.kind) {
    case 'ringing': {
      const patienceMs = LIMITS.callRingMs + (running.side === 'caller' ? 0 : GRACE_MS);
      if (at - running.since < patienceMs) break;
      if (running.side === 'caller') return giveUp(running, 'no-answer', at);
      return finish(running, 'no-answer', false, at);
    }
    case 'connecting':
      if (at - running.takenAt >= CONNECT_MS) return giveUp(running, 'failed', at);
      break;
    case 'talking':
      if (running.lostAt !== undefined && at - running.lostAt >= RETURN_MS)
        return giveUp(running, 'lost', at);
  }
  return { state: running, effects: [] };
}

/** Ends it here, and says so. */
function giveUp(running: Running, why: CallEnd, at: number): CallStep {
  return finish(running, why, true, at, [{ kind: 'say-end', call: running.call, to: running.account, why }]);
}

function finish(
  running: Running,
  why: CallEnd,
  isMine: boolean,
  at: number,
  said: readonly CallEffect[] = [],
): CallStep {
  const { call, account, side, media, since } = running;
  const begun: Begun = { call, account, side, media, since };
  const talkedMs = running.kind === 'talking' ? at - running.connectedAt : undefined;
  const isMissed = running.kind === 'ringing' && side === 'callee' && MISSED.has(why);
  const disconnecting: CallEffect[] = running.kind === 'ringing' ? [] : [{ kind: 'disconnect', call }];
  return {
    state: { ...begun, kind: 'over', why, isMine, talkedMs },
    effects: [...said, ...disconnecting, logged(begun, isMissed ? 'missed' : why, talkedMs)],
  };
}

/** What a ring that nobody took ended with. */
const MISSED: ReadonlySet<CallEnd> = new Set(['cancelled', 'no-answer', 'failed', 'lost', 'hung-up', 'busy']);

function logged(begun: Begun, outcome: CallEntry['outcome'], talkedMs?: number): CallEffect {
  return { kind: 'log', entry: { ...begun, outcome, talkedMs } };
}
