/**
 * What others say about calls, held against who said it: it counts where it is about a call of that account, said by the device that the call
 * is with, and with a join that this device signed. Everything else changes nothing.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { Call, CallEnd } from '@tacet/protocol/content/call';
import { idBytes, idOf, type AccountId, type CallId, type DeviceId } from '@tacet/protocol/ids';
import { keyFrom, type CallSecret } from '@tacet/crypto/vault';
import type { Clock } from '../ports.ts';
import type { CallRun, Heard } from './call-run.ts';
import { runningOf, type CallEvent, type CallState } from './call-types.ts';
import { openJoin } from './joins.ts';
import type { RecentCalls } from './recent-calls.ts';
import type { SaidInCall } from './said-in-call.ts';

type SaidOf<What extends Call['what']> = Omit<SaidInCall, 'body'> & {
  readonly body: Extract<Call, { readonly what: What }>;
};

export interface HearingNeeds {
  readonly clock: Clock;
  readonly recent: RecentCalls;
  /** This one. */
  readonly device: DeviceId;
  now(): { readonly state: CallState; readonly run: CallRun | undefined };
  /** `heard`: the ring that the event is about. */
  step(event: CallEvent, heard?: Heard): void;
  sayEnd(call: CallId, to: AccountId, why: CallEnd): void;
  dropRing(call: CallId): void;
}

export class CallHearing {
  readonly #n: HearingNeeds;

  constructor(needs: HearingNeeds) {
    this.#n = needs;
  }

  hear({ body, ...by }: SaidInCall): void {
    const { account, device } = by;
    const call = idOf<CallId>(body.call);
    const at = this.#n.clock.now();
    switch (body.what) {
      case 'ring':
        this.#rung({ ...by, body });
        return;
      case 'heard':
        this.#n.step({ kind: 'heard', call, account, at });
        return;
      case 'accept':
        this.#accepted({ ...by, body });
        return;
      case 'chosen':
        this.#chosen({ ...by, body });
        return;
      case 'end':
        if (this.#n.now().state?.call !== call) {
          this.#n.recent.note(call, { account, why: body.why, wasHere: false });
        }
        this.#n.step({ kind: 'ended', call, account, device, why: body.why, at });
        return;
      case 'candidates':
      case 'again':
      case 'answered':
      case 'relayed':
        if (this.#isInCall(call, account, device)) this.#n.now().run?.hear(body);
    }
  }

  /** Somebody calls. Of a ring whose join does not hold, that comes again or too often in a minute, nothing is shown. */
  #rung({ account, device, identityKey, body, isLate }: SaidOf<'ring'>): void {
    const { recent, clock } = this.#n;
    const call = idOf<CallId>(body.call);
    const ended = recent.of(call, account);
    const secret = keyFrom<CallSecret>(body.secret);
    const bundle = openJoin({ call, secret, side: 'caller', account, device }, identityKey, body.join);
    const { state } = this.#n.now();
    const isRepeated = state?.call === call || ended?.wasHere === true || ended?.why === 'elsewhere';
    if (bundle === undefined || isRepeated || !recent.mayCome(account)) {
      if (runningOf(state)?.call !== call) this.#n.dropRing(call);
      return;
    }
    const { media } = body;
    // One that is overtaken by its own end rings no more.
    const isMissed = isLate || ended !== undefined || !recent.maySound(account);
    const event = { kind: 'ring', call, account, device, media, isMissed, at: clock.now() } as const;
    this.#n.step(event, { ring: body, peer: { device, identityKey, bundle } });
    const running = runningOf(this.#n.now().state);
    if (running?.call === call) {
      if (running.kind === 'ringing') recent.sounded(account);
      return;
    }
    recent.note(call, { account, why: 'busy', wasHere: true });
    this.#n.dropRing(call);
  }

  /** A device takes the call of this one. */
  #accepted({ account, device, identityKey, body }: SaidOf<'accept'>): void {
    const { recent, clock } = this.#n;
    const call = idOf<CallId>(body.call);
    const { state, run } = this.#n.now();
    if (run?.call !== call || run.account !== account) {
      const ended = recent.of(call, account);
      if (ended?.wasHere === true && recent.mayAnswer(call)) this.#n.sayEnd(call, account, ended.why);
      return;
    }
    if (!run.takes(body, device, identityKey)) return;
    if (state?.kind !== 'ringing' && !recent.mayAnswer(call)) return;
    this.#n.step({ kind: 'taken', call, account, device, at: clock.now() });
  }

  /** The caller says who has the call. */
  #chosen({ account, device, body }: SaidOf<'chosen'>): void {
    const call = idOf<CallId>(body.call);
    const isHere = equalBytes(body.device, idBytes(this.#n.device));
    const isInCall = this.#isInCall(call, account, device);
    this.#n.step({ kind: 'chosen', call, account, device, isHere, at: this.#n.clock.now() });
    if (isHere && isInCall) this.#n.now().run?.chosen(body.nonce);
  }

  /** Whether this is the device that the call is with. */
  #isInCall(call: CallId, account: AccountId, device: DeviceId): boolean {
    const { run } = this.#n.now();
    return run?.call === call && run.account === account && run.peer?.device === device;
  }
}
