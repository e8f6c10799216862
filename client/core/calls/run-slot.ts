/** The call that is at work on this device, at most one: what a run says counts for as long as it is the one. */
import type { Call } from '@tacet/protocol/content/call';
import type { AccountId, CallId } from '@tacet/protocol/ids';
import type { Engine } from '../engine.ts';
import type { Ports } from '../ports.ts';
import type { Services } from '../services.ts';
import { CallRun, type Heard, type RunEvents } from './call-run.ts';

export interface SlotNeeds {
  readonly services: Pick<Services, 'own' | 'record'>;
  readonly engine: Engine;
  readonly ports: Ports;
}

export interface SlotEvents {
  say(to: AccountId, ...said: Parameters<RunEvents['say']>): void;
  /** How the connection of the call stands, or that it contradicts itself. */
  event(kind: Parameters<RunEvents['state']>[0] | 'broken'): void;
  changed(): void;
}

export class RunSlot {
  readonly #n: SlotNeeds;
  readonly #events: SlotEvents;
  #run: CallRun | undefined;

  constructor(needs: SlotNeeds, events: SlotEvents) {
    this.#n = needs;
    this.#events = events;
    needs.ports.callWindow?.listen((told) => this.#run?.told(told));
  }

  get now(): CallRun | undefined {
    return this.#run;
  }

  /**
   * The run of a call that has begun; one of another call ends. `inherits`: what the person has turned on for that one stays on for this one.
   * `undefined`: there is no window to hold it.
   */
  open(
    begun: { readonly call: CallId; readonly account: AccountId; readonly heard: Heard | undefined },
    { inherits }: { readonly inherits: boolean },
  ): CallRun | undefined {
    if (this.#run?.call === begun.call) return this.#run;
    const goesOn = inherits && this.#run !== undefined;
    this.close({ goesOn });
    const { services, engine, ports } = this.#n;
    const { own, record } = services;
    const window = ports.callWindow;
    if (window === undefined) return undefined;
    const { account, device } = own.value;
    const ifNow = (work: () => void): void => {
      if (this.#run === run) work();
    };
    const run: CallRun = new CallRun(
      {
        ports,
        engine,
        window,
        own: { account, device },
        identity: own.identity,
        inherits: goesOn,
        hides: () => record.value.settings.relayCalls === true,
      },
      begun,
      {
        say: (body: Call, options) => ifNow(() => this.#events.say(begun.account, body, options)),
        state: (state) => ifNow(() => this.#events.event(state)),
        broken: () => ifNow(() => this.#events.event('broken')),
        changed: () => ifNow(() => this.#events.changed()),
      },
    );
    this.#run = run;
    return run;
  }

  close(options?: { readonly goesOn: boolean }): void {
    this.#run?.close(options);
    this.#run = undefined;
  }
}
