/**
 * A line as bad as chance makes it, between a device and the server: what is delivered is lost for good, comes twice, late or in another
 * order; sends leave twice or are lost, acknowledgements, requests and answers are lost; connections break. Until it is told to be calm.
 */
import type { ServerFrame } from '@tacet/protocol/frames/server';
import { makeHostileWire, type Deliver, type HostileWire } from './hostile-wire.ts';
import type { Seeded } from './schedule.ts';

/** How often what happens to one thing that passes. */
export interface Weather {
  /** An envelope that the server believes to be delivered and that never comes. */
  readonly loss: number;
  readonly duplicates: number;
  /** An envelope that comes after others that were sent later. */
  readonly delays: number;
  /** A frame, request or answer that is lost with the connection, or an acknowledgement without it. */
  readonly faults: number;
}

/** What was done, counted. */
export interface Injected {
  losses: number;
  duplicates: number;
  /** Sends that reached the server twice. */
  repeats: number;
  delays: number;
  /** Acknowledgements that did not come. */
  acks: number;
  hangUps: number;
  /** Requests and answers over HTTP that did not come. */
  requests: number;
}

/** Envelopes that are kept back at a time; the server's window is far larger. */
const HELD_MOST = 12;
/** Envelopes that may come again. */
const KEPT_MOST = 30;

export interface ChaosWire {
  readonly wire: HostileWire;
  /** From here on chance has it. */
  storm(): void;
  /** What is delivered waits, and the server's word that prekeys run low, until `letGo` or the next connection. */
  hold(): void;
  letGo(): void;
  /** From here on nothing is done to what passes; what was kept back comes with the next connection. */
  calm(): void;
}

/** Opens a line that is calm; what is done to it is added to `injected`. */
export function makeChaosWire(seeded: Seeded, weather: Weather, injected: Injected): ChaosWire {
  const wire = makeHostileWire();
  const held: Deliver[] = [];
  /** What waits for `letGo`; without, nothing waits for it. */
  let waiting: ServerFrame[] | undefined;
  const kept: Deliver[] = [];

  /** In the next turn: a socket cannot end while it takes a frame. */
  function hangUp(): void {
    injected.hangUps += 1;
    // What was kept back was not acknowledged: the server delivers it again.
    held.length = 0;
    waiting?.splice(0);
    setImmediate(() => wire.hangUp());
  }

  function deliver(frame: Deliver): readonly Deliver[] {
    if (seeded.chance(weather.loss)) {
      injected.losses += 1;
      wire.tellServer({ kind: 'acknowledge', envelopes: [frame.id] });
      return [];
    }
    kept.push(frame);
    if (kept.length > KEPT_MOST) kept.shift();
    if (seeded.chance(weather.delays)) {
      injected.delays += 1;
      held.push(frame);
      return held.length > HELD_MOST ? held.splice(0) : [];
    }
    const again: Deliver[] = [];
    if (seeded.chance(weather.duplicates)) {
      injected.duplicates += 1;
      again.push(kept[seeded.below(kept.length)] ?? frame);
    }
    const late = held.length > 0 && seeded.chance(0.2) ? held.splice(seeded.below(held.length), 1) : [];
    return [frame, ...again, ...late];
  }

  return {
    wire,
    storm() {
      wire.change = (frame) => {
        const isLow = frame.kind === 'notice' && frame.what === 'prekeys-low';
        if (waiting !== undefined && (isLow || frame.kind === 'deliver')) {
          waiting.push(frame);
          return [];
        }
        if (frame.kind === 'deliver') return deliver(frame);
        if (frame.kind !== 'sent' || !seeded.chance(weather.faults)) return [frame];
        hangUp();
        return [];
      };
      wire.swallow = ({ kind }) => {
        const isAck = kind === 'acknowledge';
        if (!isAck && kind !== 'send' && kind !== 'send-own') return false;
        if (!seeded.chance(weather.faults)) return false;
        if (isAck) injected.acks += 1;
        else hangUp();
        return true;
      };
      wire.forward = (frame) => {
        if (frame.kind !== 'send' && frame.kind !== 'send-own') return [frame];
        if (!seeded.chance(weather.duplicates)) return [frame];
        injected.repeats += 1;
        return [frame, frame];
      };
      wire.rewrite = (request) => {
        if (!seeded.chance(weather.faults)) return request;
        injected.requests += 1;
        return undefined;
      };
      wire.answer = (_request, reply) => {
        if (!seeded.chance(weather.faults)) return reply;
        injected.requests += 1;
        return undefined;
      };
    },
    hold() {
      waiting = [];
    },
    letGo() {
      const frames = waiting ?? [];
      waiting = undefined;
      for (const frame of frames) wire.tell(frame);
    },
    calm() {
      wire.behave();
      waiting = undefined;
      held.length = 0;
      wire.hangUp();
    },
  };
}
