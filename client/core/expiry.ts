/**
 * Takes messages away when their time has run out: at that moment, at the start, and when the machine's clock has jumped. Time runs
 * from the sending for own messages and from the reading for others', by this device's clock alone; what the server or a sender says of
 * times moves nothing. A clock that is set back gives no message more than its whole time.
 */
import type { AccountId } from '@tacet/protocol/ids';
import type { Background } from './background.ts';
import type { Conversations } from './conversations/conversations.ts';
import type { SealedDb } from './db/sealed.ts';
import { T } from './db/stores.ts';
import { AMEND_TABLES, type Amending } from './messages/amending.ts';
import type { Clock, DbKey } from './ports.ts';

/** The clock is looked at again after this, because timers do not notice a clock that was set. */
const LOOK_MS = 30_000;
/** Messages taken away in one transaction. */
const BATCH = 200;
/** Above every hidden name. */
const KEYS_END = new Uint8Array(17).fill(0xff);

export interface ExpiryNeeds {
  readonly db: SealedDb;
  readonly clock: Clock;
  readonly background: Background;
  readonly conversations: Conversations;
  readonly amending: Amending;
}

/** Looks after the messages whose time runs. */
export class Expiry {
  readonly #n: ExpiryNeeds;
  #cancel: (() => void) | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #lookedAt = Number.POSITIVE_INFINITY;
  #running = false;
  /** What began to run while messages were taken away. */
  #meanwhile = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(needs: ExpiryNeeds) {
    this.#n = needs;
    needs.conversations.lines.onExpiring = (at) => this.#wake(at);
  }

  /** Takes away what ran out while nobody looked. */
  async start(): Promise<void> {
    this.#lookedAt = this.#n.clock.now();
    if ((await this.#first()) === undefined) return;
    await this.#shorten();
    await this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #wake(at: number): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#meanwhile = Math.min(this.#meanwhile, at);
      return;
    }
    const now = this.#n.clock.now();
    const wakeAt = Math.min(at, now + LOOK_MS);
    if (wakeAt >= this.#wakeAt && this.#wakeAt > now) return;
    this.#cancel?.();
    this.#wakeAt = wakeAt;
    this.#cancel = this.#n.clock.after(Math.max(0, wakeAt - now), () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#n.background.run(this.#look(), 'take expired messages away');
    });
  }

  async #look(): Promise<void> {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    const { db, clock, amending } = this.#n;
    let next = Number.POSITIVE_INFINITY;
    try {
      if (clock.now() < this.#lookedAt - LOOK_MS) await this.#shorten();
      this.#lookedAt = clock.now();
      // A reading costs little beside a write; most looks find nothing to take away.
      next = (await this.#first()) ?? next;
      while (next <= clock.now() && !this.#stopped) {
        await db.write([...AMEND_TABLES, T.expiring], async (tx) => {
          const now = clock.now();
          const rows = await tx.range(T.expiring, { from: [0], to: [now, KEYS_END], limit: BATCH });
          for (const { key, value } of rows) {
            tx.delete(T.expiring, key);
            await amending.remove(tx, value.account, value.order);
          }
        });
        next = (await this.#first()) ?? Number.POSITIVE_INFINITY;
      }
    } finally {
      this.#running = false;
    }
    next = Math.min(next, this.#meanwhile);
    this.#meanwhile = Number.POSITIVE_INFINITY;
    if (next < Number.POSITIVE_INFINITY) this.#wake(next);
  }

  /** When the next message goes, if the time of any runs. */
  async #first(): Promise<number | undefined> {
    const [first] = await this.#n.db.read([T.expiring], (tx) => tx.keys(T.expiring, { limit: 1 }));
    return first === undefined ? undefined : atOf(first);
  }

  /** Nothing has more than its whole time left. */
  async #shorten(): Promise<void> {
    const { db, clock, conversations } = this.#n;
    const isAhead = async (): Promise<readonly (readonly [AccountId, number])[]> => {
      const rows = await db.read([T.expiring], (tx) => tx.range(T.expiring, { from: [clock.now()] }));
      return rows
        .filter(({ key, value }) => atOf(key) > clock.now() + value.seconds * 1_000)
        .map(({ value }) => [value.account, value.order] as const);
    };
    const ahead = await isAhead();
    for (let i = 0; i < ahead.length; i += BATCH) {
      await db.write([...AMEND_TABLES, T.expiring], async (tx) => {
        for (const [account, order] of ahead.slice(i, i + BATCH)) {
          await conversations.lines.beginAgain(tx, account, order);
        }
      });
    }
  }
}

function atOf(key: DbKey): number {
  return Array.isArray(key) && typeof key[0] === 'number' ? key[0] : 0;
}
