/**
 * The calls of this device, one at a time: what people do, what comes from others and how connections stand become steps of
 * `call-state.ts`, and what follows from a step is done here. What comes from another account, of another device than the one in the call,
 * about another call or in a wrong order changes nothing.
 */
import type { Call, CallEnd, CallMedia } from '@tacet/protocol/content/call';
import { idBytes, type AccountId, type CallId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { T } from '../db/stores.ts';
import type { Engine } from '../engine.ts';
import { CoreError } from '../failure.ts';
import type { Ports } from '../ports.ts';
import type { Services } from '../services.ts';
import type { CallView } from '../view.ts';
import { dropRing, logCall, sayInCall } from './call-records.ts';
import { CallHearing } from './call-hearing.ts';
import { CallRun, type Heard } from './call-run.ts';
import { stepCall } from './call-state.ts';
import { runningOf, type CallEffect, type CallEntry, type CallEvent, type CallState } from './call-types.ts';
import type { CallWindowPort } from './call-window.ts';
import { RecentCalls } from './recent-calls.ts';
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
  #run: CallRun | undefined;
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
      now: () => ({ state: this.#state, run: this.#run }),
      step: (event, heard) => this.#step(event, heard),
      sayEnd: (call, to, why) => this.#sayEnd(call, to, why),
      dropRing: (call) => dropRing(needs.services, call),
    });
    needs.ports.callWindow?.listen((told) => this.#run?.told(told));
    this.restored = this.#restore();
    this.restored.catch(() => undefined);
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

  /** Calls somebody. Throws `calls-unsupported`, `person-not-accepted`, `person-blocked`, `key-changed`, `call-busy-here`. */
  async start(account: AccountId, media: CallMedia, call: CallId): Promise<void> {
    const { record, directory, clock } = this.#n.services;
    const contact = record.contact(account);
    if (contact?.state === 'blocked') throw new CoreError('person-blocked', 'nothing goes to who is blocked');
    if (contact?.state !== 'accepted') throw new CoreError('person-not-accepted', 'strangers are not called');
    directory.requireUnblocked(account);
    await this.#requireWindow();
    // Given a second time by a tab that has taken the account over.
    if (this.#state?.call === call || this.#recent.of(call, account) !== undefined) return;
    if (runningOf(this.#state) !== undefined) throw new CoreError('call-busy-here', 'a call goes on');
    this.#step({ kind: 'call', call, account, media, at: clock.now() });
  }

  /** Takes the call that rings. Throws `calls-unsupported`, and `call-over` where none rings. */
  async take(media: CallMedia): Promise<void> {
    await this.#requireWindow();
    const state = runningOf(this.#state);
    if (state === undefined) throw new CoreError('call-over', 'nobody calls');
    if (state.kind === 'ringing' && state.side === 'caller')
      throw new CoreError('call-busy-here', 'a call goes on');
    this.#step({ kind: 'take', media, at: this.#n.services.clock.now() });
  }

  hangUp(): void {
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
    this.hangUp();
    await this.#said;
    const { outbox, clock } = this.#n.services;
    const isLeaving = (): boolean => isOnline() && outbox.has(running.account, 'call');
    for (let waited = 0; waited < LEAVE_MS && isLeaving(); waited += LOOK_MS) {
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
  }

  stop(): void {
    this.#isOver = true;
    this.#stopTicking?.();
    this.#run?.close();
    this.#run = undefined;
  }

  /** Something about a call has come from an accepted person. */
  hear(said: SaidInCall): void {
    if (!this.#isOver) this.#hearing.hear(said);
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
    if (this.#run !== undefined && this.#run.call !== running?.call) this.#closeRun();
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
        this.#runOf(effect, heard)?.ring(this.#state?.media ?? 'audio');
        return;
      case 'say-heard':
        this.#runOf(effect, heard);
        this.#say(effect.to, { what: 'heard', call: idBytes(effect.call) });
        return;
      case 'say-accept':
        this.#runOf(effect, heard)?.accept(this.#state?.media ?? 'audio');
        return;
      case 'say-end':
        this.#sayEnd(effect.call, effect.to, effect.why);
        return;
      case 'say-chosen': {
        const nonce = this.#run?.nonce;
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

  /** The run of a call that has begun; one of another call ends. */
  #runOf(
    { call, to }: { readonly call: CallId; readonly to: AccountId },
    heard: Heard | undefined,
  ): CallRun | undefined {
    if (this.#run?.call === call) return this.#run;
    this.#closeRun();
    const { services, engine, ports } = this.#n;
    const { own, record } = services;
    const window = ports.callWindow;
    if (window === undefined) return undefined;
    const { account, device } = own.value;
    const run: CallRun = new CallRun(
      {
        ports,
        engine,
        window,
        own: { account, device },
        identity: own.identity,
        hides: record.value.settings.relayCalls === true,
      },
      { call, account: to, heard },
      {
        say: (body, options) => {
          if (this.#run === run) this.#say(to, body, options);
        },
        state: (state) => {
          if (this.#run === run) this.#step({ kind: state, at: services.clock.now() });
        },
        broken: () => {
          if (this.#run === run) this.#step({ kind: 'broken', at: services.clock.now() });
        },
        changed: () => {
          if (this.#run === run) this.#show();
        },
      },
    );
    this.#run = run;
    return run;
  }

  #closeRun(): void {
    this.#run?.close();
    this.#run = undefined;
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
      this.#step({ kind: 'tick', at: clock.now() });
    });
  }

  #show(): void {
    this.#n.show(viewOf(this.#state, this.#run));
  }
}

/** What somebody is told who still takes a call that is over. */
function endOf({ outcome }: CallEntry): CallEnd {
  return outcome === 'missed' ? 'no-answer' : outcome;
}
