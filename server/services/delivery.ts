/**
 * Takes sends: checks who may write to whom and for which device list, queues all or nothing, and tells the sockets after the commit.
 * It never learns who sends on the anonymous connection, and stores no pair of accounts. A wrong delivery key and an unknown account
 * are one answer after the same work.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { equalBytes } from '@tacet/protocol/bytes';
import type { ErrorCode } from '@tacet/protocol/errors';
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import type { Bus, OnlineEnvelope } from '../bus/port.ts';
import type { Clock } from '../clock.ts';
import type { Limits } from '../limits/port.ts';
import type { Addressee, EnvelopeStore } from '../store/envelope-port.ts';
import type { Recipient } from '../store/recipients.ts';
import type { RecipientCache } from './recipient-cache.ts';

/** One listed device's part of a send: an envelope, or its absence, an explicit skip. */
export interface Part {
  readonly device: Uint8Array;
  readonly envelope?: { readonly id: Uint8Array; readonly body: Uint8Array } | undefined;
}

/** What every send says. `online`: delivered to connected sockets or dropped, never stored. */
export interface Message {
  readonly listHash: Uint8Array;
  readonly online: boolean;
  readonly to: readonly Part[];
}

/** `mismatch`: nothing was accepted; the sender needs the directory entry in force. */
export type SendOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly retryAfterMs?: number };

export interface DeliveryDeps {
  readonly envelopes: EnvelopeStore;
  readonly recipients: RecipientCache;
  readonly bus: Bus;
  readonly limits: Limits;
  readonly clock: Clock;
}

const SENT: SendOutcome = { kind: 'sent' };
const MISMATCH: SendOutcome = { kind: 'mismatch' };
const REFUSED: SendOutcome = { kind: 'refused', code: 'delivery-refused' };
/** What a key is compared with when the account is unknown: no key hashes to it. */
const NO_HASH = new Uint8Array(32);

export class Delivery {
  readonly #deps: DeliveryDeps;
  /** Keys that were right, so that a contact's next send need not be hashed; forgotten with the cached recipient. */
  readonly #keys = new WeakMap<Recipient, Uint8Array>();

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /**
   * The account as senders see it, if this is its delivery key (32 bytes). `undefined` for unknown accounts and wrong keys alike, after the
   * same work.
   */
  async authorise(account: AccountId, deliveryKey: Uint8Array): Promise<Recipient | undefined> {
    return this.#check(await this.#deps.recipients.get(account), deliveryKey);
  }

  /** A send over the anonymous connection. */
  send(account: AccountId, deliveryKey: Uint8Array, message: Message): Promise<SendOutcome> {
    // Nearly every send is for a recipient in memory: it waits for nothing but its commit.
    const known = this.#deps.recipients.peek(account);
    if (known !== undefined) return this.#sendTo(known.recipient, deliveryKey, message);
    return this.#deps.recipients
      .get(account)
      .then((recipient) => this.#sendTo(recipient, deliveryKey, message));
  }

  #sendTo(recipient: Recipient | undefined, deliveryKey: Uint8Array, message: Message): Promise<SendOutcome> {
    const checked = this.#check(recipient, deliveryKey);
    return checked === undefined
      ? Promise.resolve(REFUSED)
      : this.#deliver(checked, undefined, 'contact', message);
  }

  #check(recipient: Recipient | undefined, deliveryKey: Uint8Array): Recipient | undefined {
    const known = recipient === undefined ? undefined : this.#keys.get(recipient);
    if (known !== undefined && timingSafeEqual(known, deliveryKey)) return recipient;
    const given = hash('sha256', deliveryKey, 'buffer');
    if (!timingSafeEqual(given, recipient?.deliveryKeyHash ?? NO_HASH) || recipient === undefined) {
      return undefined;
    }
    this.#keys.set(recipient, Uint8Array.from(deliveryKey));
    return recipient;
  }

  /** Copies to every other device of the own account. */
  async sendOwn(account: AccountId, from: DeviceId, message: Message): Promise<SendOutcome> {
    const recipient = await this.#deps.recipients.get(account);
    if (recipient === undefined) return { kind: 'refused', code: 'session-ended' };
    return this.#deliver(recipient, from, 'contact', message);
  }

  /** A sealed introduction from somebody without the delivery key; the caller has counted it against its session. */
  async introduce(account: AccountId, message: Omit<Message, 'online'>): Promise<SendOutcome> {
    const recipient = await this.#deps.recipients.get(account);
    if (recipient === undefined) return { kind: 'refused', code: 'account-unknown' };
    return this.#deliver(recipient, undefined, 'stranger', { ...message, online: false });
  }

  async #deliver(
    recipient: Recipient,
    except: DeviceId | undefined,
    from: 'contact' | 'stranger',
    message: Message,
  ): Promise<SendOutcome> {
    const verdict = this.#deps.limits.take('receive', { kind: 'id', id: recipient.account });
    if (verdict.kind === 'refused') {
      return { kind: 'refused', code: 'rate-limited', retryAfterMs: verdict.retryAfterMs };
    }
    const to = address(recipient, except, message);
    if (to === undefined) return MISMATCH;
    if (message.online) {
      this.#deliverOnline(to);
      return SENT;
    }
    const outcome = await this.#deps.envelopes.send(to, this.#deps.clock.now(), from);
    switch (outcome.kind) {
      case 'stored':
        for (const { device, envelope } of outcome.queued) {
          this.#deps.bus.publish({ kind: 'envelope', device, queued: envelope });
        }
        return SENT;
      case 'queue-full':
        return { kind: 'refused', code: 'queue-full' };
      case 'no-device':
        // The device went between the check and the commit: the sender learns of it from the directory entry.
        this.#deps.recipients.forget(recipient.account);
        return MISMATCH;
    }
  }

  #deliverOnline(to: readonly Addressee[]): void {
    const receivedAt = this.#deps.clock.now();
    for (const { device, id, body } of to) {
      const envelope: OnlineEnvelope = { id, receivedAt, body };
      this.#deps.bus.publish({ kind: 'online', device, envelope });
    }
  }
}

/**
 * The envelopes of a message by device; `undefined` when it was made for another list, does not name every listed device (less `except`)
 * exactly once, or has an envelope for one that has departed. What is meant for a device that has gone without a notice is left out:
 * its sender could not know better.
 */
function address(
  recipient: Recipient,
  except: DeviceId | undefined,
  message: Message,
): readonly Addressee[] | undefined {
  if (!equalBytes(message.listHash, recipient.listHash)) return undefined;
  const to: Addressee[] = [];
  let named = 0;
  for (const { device, key, state } of recipient.devices) {
    const parts = message.to.filter((part) => equalBytes(part.device, key));
    if (device === except) {
      if (parts.length > 0) return undefined;
      continue;
    }
    const [part, ...more] = parts;
    if (part === undefined || more.length > 0) return undefined;
    named += 1;
    if (part.envelope === undefined || state === 'gone') continue;
    if (state === 'departed') return undefined;
    to.push({ device, key, id: part.envelope.id, body: part.envelope.body });
  }
  return named === message.to.length ? to : undefined;
}
