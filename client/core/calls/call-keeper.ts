/**
 * The calls of this device, one at a time: what people do, what comes from others and how connections stand become steps of
 * `call-state.ts`, and what follows from a step is done here. What comes from another account, of another device than the one in the call,
 * about another call or in a wrong order changes nothing.
 */
import type { Call, CallEnd, CallMedia } from '@tacet/protocol/content/call';
import { idBytes, idOf, type AccountId, type CallId, type MessageId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { T } from '../db/stores.ts';
import type { Engine } from '../engine.ts';
import { CoreError } from '../failure.ts';
import type { Ports } from '../ports.ts';
import type { Services } from '../services.ts';
import type { CallView } from '../view.ts';
import { dropRing, logCall, sayInCall } from './call-records.ts';
import { CallHearing } from './call-hearing.ts';
import type { CallRun, Heard } from './call-run.ts';
import { isAccepted, requireCallable } from './call-standing.ts';
import { stepCall } from './call-state.ts';
import {
  runningOf,
  type CallEffect,
  type CallEntry,
  type CallEvent,
  type CallState,
  type Running,
} from './call-types.ts';
import type { CallWindowPort } from './call-window.ts';
import { RecentCalls } from './recent-calls.ts';
import { RunSlot } from './run-slot.ts';
import type { SaidInCall } from './said-in-call.ts';
import { viewOf } from './shown-call.ts';

/** How often time is looked at while a call rings or goes on. */
const TICK_MS = 500;
/** How long a stop waits for the other side to be told, ms, and how often it looks whether it is. */
const LEAVE_MS = 1_000;
const LOOK_MS = 20;

export interface KeeperNeeds {
  readonly services: Services;
  readonly engine: Engine;
  readonly ports: Ports;
  show(call: CallView | undefined): void;
}

export class CallKeeper {
  readonly #n: KeeperNeeds;
  readonly #recent: RecentCalls;
  readonly #hearing: CallHearing;
  #state: CallState;
  readonly #slot: RunSlot;
  /** The call that was asked for last, and the key that it was asked under. */
  #begun: { readonly key: MessageId; readonly call: CallId } | undefined;
  /** What troubled the call that has ended. */
  #troubles: CallView['troubles'] = [];
  #stopTicking: (() => void) | undefined;
  /** Events that come while one is worked off. */
  readonly #events: { readonly event: CallEvent; readonly heard: Heard | undefined }[] = [];
  #isStepping = false;
  /** Resolves when what was said last waits to leave. */
  #said: Promise<void> = Promise.resolve();
  #isOver = false;
  /** Resolves when it is known whether anything rings still. */
  readonly restored: Promise<void>;

  constructor(needs: KeeperNeeds) {
    this.#n = needs;
    this.#recent = new RecentCalls(needs.services.clock);
    const { clock, own } = needs.services;
    this.#hearing = new CallHearing({
      clock,
      recent: this.#recent,
      device: own.value.device,
      now: () => ({ state: this.#state, run: this.#slot.now }),
      step: (event, heard) => this.#step(event, heard),
      sayEnd: (call, to, why) => this.#sayEnd(call, to, why),
      dropRing: (call) => dropRing(needs.services, call),
    });
    this.#slot = new RunSlot(needs, {
      say: (to, body, options) => this.#say(to, body, options),
      event: (kind) => this.#step({ kind, at: clock.now() }),
      changed: () => this.#show(),
    });
    this.restored = this.#restore();
    this.restored.catch(() => undefined);
  }

  /** Whether one rings here or goes on. */
  get isInCall(): boolean {
    return runningOf(this.#state) !== undefined;
  }

  /** Goes on with a ring that came before this core began, in another tab. */
  async #restore(): Promise<void> {
    const { db, clock } = this.#n.services;
    const kept = await db.read([T.ring], (tx) => tx.get(T.ring, 'ring'));
    if (kept === undefined || this.#state !== undefined) return;
    const { account, device, identityKey, ring, at } = kept;
    const isLate = Math.abs(clock.now() - at) >= LIMITS.callRingMs;
    this.hear({ account, device, identityKey, body: ring, isLate });
  }

  /**
   * Calls somebody, or takes his call that rings; under a key once. What a core before this one had begun under it is no call of this one's:
   * its secret is gone. Throws `calls-unsupported`, `person-not-accepted`, `person-blocked`, `key-changed`, `call-busy-here`.
   */
  async start(account: AccountId, media: CallMedia, key: MessageId): Promise<CallId> {
    const { services, ports } = this.#n;
    requireCallable(services, account);
    await this.#requireWindow();
    // It may have been decided otherwise meanwhile.
    requireCallable(services, account);
    if (this.#begun?.key === key) return this.#begun.call;
    const at = services.clock.now();
    const running = runningOf(this.#state);
    const isAnswer = running?.kind === 'ringing' && running.side === 'callee' && running.account === account;
    if (running !== undefined && !isAnswer) throw new CoreError('call-busy-here', 'a call goes on');
    const call = running?.call ?? idOf<CallId>(ports.random(16));
    this.#begun = { key, call };
    this.#step(isAnswer ? { kind: 'take', media, at } : { kind: 'call', call, account, media, at });
    return call;
  }

  /**
   * Takes a call that rings. Throws `calls-unsupported`, `call-over` where this one does not ring here, and `key-changed` where the person has
   * to decide about a key first.
   */
  async take(call: CallId, media: CallMedia): Promise<void> {
    await this.#requireWindow();
    const running = runningOf(this.#state);
    if (running?.call !== call || running.side !== 'callee')
      throw new CoreError('call-over', 'it does not ring');
    if (running.kind !== 'ringing') return;
    requireCallable(this.#n.services, running.account);
    this.#step({ kind: 'take', media, at: this.#n.services.clock.now() });
  }

  /** Ends this call. Where another one goes on, nothing happens. */
  hangUp(call: CallId): void {
    if (runningOf(this.#state)?.call !== call) return;
    this.#step({ kind: 'hang-up', at: this.#n.services.clock.now() });
  }

  /** The person has seen the end. */
  seeEnd(): void {
    if (this.#state?.kind !== 'over') return;
    this.#state = undefined;
    this.#show();
  }

  /** This device stops: the other side of a call that it made or took is told while there is time. One that rings may ring on elsewhere. */
  async leave(isOnline: () => boolean): Promise<void> {
    const running = runningOf(this.#state);
    if (running === undefined || (running.kind === 'ringing' && running.side === 'callee')) return;
    await this.#endNow(running, isOnline);
  }

  /** Nothing goes on with this account, nor rings: the other side is told while there is time. */
  async endWith(account: AccountId, isOnline: () => boolean): Promise<void> {
    const running = runningOf(this.#state);
    if (running?.account === account) await this.#endNow(running, isOnline);
  }

  async #endNow({ call, account }: Running, isOnline: () => boolean): Promise<void> {
    this.hangUp(call);
    await this.#said;
    const { outbox, clock } = this.#n.services;
    const isLeaving = (): boolean => isOnline() && outbox.has(account, 'call');
    for (let waited = 0; waited < LEAVE_MS && isLeaving(); waited += LOOK_MS) {
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
  }

  stop(): void {
    this.#isOver = true;
    this.#stopTicking?.();
    this.#slot.close();
  }

  /** Something about a call has come, now or before this core began. */
  hear(said: SaidInCall): void {
    if (this.#isOver) return;
    const { services } = this.#n;
    if (isAccepted(services, said.account)) this.#hearing.hear(said);
    else dropRing(services, idOf<CallId>(said.body.call));
  }

  async #requireWindow(): Promise<CallWindowPort> {
    const window = this.#n.ports.callWindow;
    if (window === undefined || !(await window.canCall())) {
      throw new CoreError('calls-unsupported', 'no encrypted call can be held here');
    }
    return window;
  }

  #step(event: CallEvent, heard?: Heard): void {
    this.#events.push({ event, heard });
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        if (!this.#isOver) this.#work(next.event, next.heard);
      }
    } finally {
      this.#isStepping = false;
    }
  }

  #work(event: CallEvent, heard: Heard | undefined): void {
    const before = this.#state;
    const { state, effects } = stepCall(before, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect, heard);
    const running = runningOf(state);
    if (this.#slot.now?.call !== running?.call) {
      this.#troubles = this.#slot.now?.call === state?.call ? (this.#slot.now?.shown.troubles ?? []) : [];
      this.#slot.close();
    }
    const rang = runningOf(before);
    if (rang?.kind === 'ringing' && rang.side === 'callee') {
      const ringsOn = running?.kind === 'ringing' && running.call === rang.call;
      if (!ringsOn) dropRing(this.#n.services, rang.call);
    }
    this.#tickSoon();
    if (state !== before) this.#show();
  }

  #perform(effect: CallEffect, heard: Heard | undefined): void {
    switch (effect.kind) {
      case 'say-ring':
        this.#recent.answered(effect.to);
        this.#runOf(effect, heard)?.ring(this.#state?.media ?? 'audio');
        return;
      case 'say-heard':
        this.#runOf(effect, heard);
        this.#say(effect.to, { what: 'heard', call: idBytes(effect.call) });
        return;
      case 'say-accept':
        this.#recent.answered(effect.to);
        this.#runOf(effect, heard)?.accept(this.#state?.media ?? 'audio');
        return;
      case 'say-end':
        this.#sayEnd(effect.call, effect.to, effect.why);
        return;
      case 'say-chosen': {
        const nonce = this.#slot.now?.nonce;
        const { call, to, device } = effect;
        if (nonce !== undefined)
          this.#say(to, { what: 'chosen', call: idBytes(call), device: idBytes(device), nonce });
        return;
      }
      case 'connect':
      case 'disconnect':
        return;
      case 'log':
        this.#log(effect.entry);
    }
  }

  #runOf(
    { call, to: account }: { readonly call: CallId; readonly to: AccountId },
    heard: Heard | undefined,
  ): CallRun | undefined {
    // Both have called: the other side's call is taken without having rung.
    const inherits = runningOf(this.#state)?.kind === 'connecting';
    return this.#slot.open({ call, account, heard }, { inherits });
  }

  #sayEnd(call: CallId, to: AccountId, why: CallEnd): void {
    this.#say(to, { what: 'end', call: idBytes(call), why });
  }

  #say(to: AccountId, body: Call, options: { readonly online?: true } = {}): void {
    this.#said = sayInCall(this.#n.services, to, body, options).catch(() => undefined);
  }

  #log(entry: CallEntry): void {
    this.#recent.note(entry.call, { account: entry.account, why: endOf(entry), wasHere: true });
    logCall(this.#n.services, entry);
  }

  #tickSoon(): void {
    if (this.#stopTicking !== undefined || runningOf(this.#state) === undefined) return;
    const { clock } = this.#n.services;
    this.#stopTicking = clock.after(TICK_MS, () => {
      this.#stopTicking = undefined;
      const running = runningOf(this.#state);
      // Blocked at another device of this account.
      if (running !== undefined && !isAccepted(this.#n.services, running.account)) this.hangUp(running.call);
      this.#step({ kind: 'tick', at: clock.now() });
    });
  }

  #show(): void {
    this.#n.show(viewOf(this.#state, this.#slot.now, this.#troubles));
  }
}

/** What somebody is told who still takes a call that is over. */
function endOf({ outcome }: CallEntry): CallEnd {
  return outcome === 'missed' ? 'no-answer' : outcome;
}
