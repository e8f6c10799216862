/**
 * Looking after this device's keys on the server: refilling one-time prekeys, changing the signed ones every two days with a new
 * statement, checking that the server holds what was uploaded, forgetting secrets that no waiting message can need any more. Also the
 * device's last word: its departure.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { getPreKeys, putPreKeys, type HeldPreKeys } from '@tacet/protocol/rest/keys';
import { signOut } from '@tacet/protocol/rest/sessions';
import { signedDeparture } from '@tacet/protocol/signed/statement';
import type { Session } from './account/session.ts';
import type { SealedDb } from './db/sealed.ts';
import { T } from './db/stores.ts';
import type { Made, PreKeyState, SignedBytes } from './db/stored-device.ts';
import type { Directory } from './people/directory.ts';
import type { Engine } from './engine.ts';
import { judgeHeld } from './held-keys.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { OwnKeeper } from './own.ts';
import type { Clock } from './ports.ts';
import {
  makeOneTimeKeys,
  makeSignedKeys,
  nextPreKeyId,
  signAsDevice,
  type MadePreKey,
  type PublicOneTime,
  type PublicSigned,
} from './prekeys.ts';
import type { Rest } from './transport/rest.ts';
import type { TwoClocks } from './two-clocks.ts';

const DAY_MS = 24 * 60 * 60_000;
/**
 * How long a secret is kept after its public half was stated, or last held by the server: senders believe a statement for 30 days, what
 * they send then may wait for 90, which no operator can raise, and two weeks are for clocks that differ and for what was made ready and
 * could not leave at once.
 */
export const SECRETS_KEPT_MS = LIMITS.statementAgeMs + LIMITS.queueAgeMs + 14 * DAY_MS;
/**
 * What a server's word makes this device do in a day. It may say at any time that keys are low or are others than were uploaded; new
 * secrets cost time to make and are kept for months. Ten batches let a thousand strangers begin, more than a queue takes in.
 */
const BATCHES_PER_DAY = 10;
const ROTATIONS_PER_DAY = 4;

interface Needs {
  readonly engine: Engine;
  readonly db: SealedDb;
  readonly clock: Clock;
  readonly twoClocks: TwoClocks;
  readonly rest: Rest;
  readonly session: Session;
  readonly own: OwnKeeper;
  readonly directory: Directory;
  /** The server holds other keys than were uploaded. */
  readonly exchanged: () => void;
}

/** What a visit has to upload. */
interface Upload {
  readonly made: readonly MadePreKey[];
  readonly state: PreKeyState;
  readonly signed?: PublicSigned;
  readonly lastResort?: PublicSigned;
  readonly statement?: SignedBytes;
  readonly oneTime: readonly PublicOneTime[];
  readonly oneTimeKyber: readonly PublicSigned[];
}

/** This device's keys on the server. */
export class OwnDevices {
  readonly #needs: Needs;
  /** Checks what the server holds, and refills or rotates what is due. */
  readonly maintain = oneAtATime(() => this.#maintain());

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async #maintain(): Promise<void> {
    const { rest, session } = this.#needs;
    let held: HeldPreKeys | undefined;
    let isHonest = false;
    try {
      held = await session.with((token) => rest.call(getPreKeys, { token }));
      const stored = await this.#needs.db.read([T.preKeyState], (tx) => tx.get(T.preKeyState, 'prekeys'));
      if (stored === undefined) return;
      isHonest = await this.#isHonest(held, stored);
      await this.#follow(held, stored, isHonest);
    } catch (error) {
      // A server that does not answer keeps no secret alive. What went wrong first is what is told.
      await this.#forget(held, isHonest).catch(() => undefined);
      throw error;
    }
    await this.#forget(held, isHonest);
  }

  /** Notes what has arrived, and uploads what is due. */
  async #follow(held: HeldPreKeys, stored: PreKeyState, isHonest: boolean): Promise<void> {
    const [shownId] = held.signed.ids;
    const isNews = isHonest && shownId !== undefined && shownId !== stored.confirmedId;
    if (isNews) await this.#confirm(shownId);
    const state = isNews ? { ...stored, confirmedId: shownId } : stored;
    const upload = this.#due(held, state, isHonest);
    if (upload !== undefined) await this.#upload(upload);
  }

  /** Ends this device's session with its signed departure. */
  async depart(): Promise<void> {
    const { rest, session, own, clock } = this.#needs;
    const { account, device } = own.value;
    const bytes = signedDeparture.encode({
      account: idBytes(account),
      device: idBytes(device),
      departedAt: clock.now(),
    });
    const departure = {
      bytes: encodeB64u(bytes),
      signature: encodeB64u(signAsDevice(own.identity, 'departure', bytes)),
    };
    await session.with((token) => rest.call(signOut, { body: { departure }, token }));
  }

  /** Whether the keys that the server says it holds are keys that were uploaded; where they surely are not, the person is told. */
  async #isHonest(held: HeldPreKeys, state: PreKeyState): Promise<boolean> {
    const { engine, db, rest, session, exchanged } = this.#needs;
    let verdict = await judgeHeld(engine, db, held, state);
    if (verdict === 'used') {
      // It may have been given away and used since the server answered: then it is not in the next answer.
      const again = await session.with((token) => rest.call(getPreKeys, { token }));
      const second = await judgeHeld(engine, db, again, state);
      verdict = second === 'used' ? 'exchanged' : second;
    }
    if (verdict === 'exchanged' && !(await this.#isOldCopy())) exchanged();
    return verdict === 'as-uploaded';
  }

  /** Whether this device has run on an older copy of its data: an honest server then holds what it does not know of. */
  async #isOldCopy(): Promise<boolean> {
    const start = await this.#needs.db.read([T.start], (tx) => tx.get(T.start, 'start'));
    return (start?.restoredAt ?? []).length > 0;
  }

  #due(held: HeldPreKeys, state: PreKeyState, isHonest: boolean): Upload | undefined {
    const { engine, clock, own, directory } = this.#needs;
    const now = clock.now();
    const madeAt = state.signed.at(-1)?.madeAt ?? 0;
    // A clock that was set back must not stop the rotation.
    const isOld = Math.abs(now - madeAt) >= LIMITS.prekeyRotationMs;
    const madeToday = (made: readonly Made[]): number =>
      made.filter((each) => Math.abs(now - each.madeAt) < DAY_MS).length;
    const mustRotate = isOld || (!isHonest && madeToday(state.signed) < ROTATIONS_PER_DAY);
    const low = Math.min(held.oneTime.ids.length, held.oneTimeKyber.ids.length);
    const most = Math.max(held.oneTime.ids.length, held.oneTimeKyber.ids.length);
    const isLow = low < LIMITS.prekeyRefillBelow && most <= LIMITS.oneTimePrekeys - LIMITS.prekeyBatch;
    const mustRefill = isLow && madeToday(state.batches) < BATCHES_PER_DAY;
    if (!mustRotate && !mustRefill) return undefined;
    let next: Upload = {
      made: [],
      state: { ...state, faults: state.faults + (isHonest ? 0 : 1) },
      oneTime: [],
      oneTimeKyber: [],
    };
    if (mustRotate) {
      const id = next.state.nextId;
      const statedAt = Math.max(now, state.statedAt + 1);
      const { device } = own.value;
      const made = makeSignedKeys(engine, own.identity, device, directory.ownView.hash, id, now, statedAt);
      next = {
        ...next,
        ...made,
        state: {
          ...next.state,
          nextId: nextPreKeyId(id),
          signed: [...next.state.signed, { id, madeAt: now }],
          statedAt,
        },
      };
    }
    if (!mustRefill) return next;
    const firstId = next.state.nextId;
    const count = LIMITS.prekeyBatch;
    const batch = makeOneTimeKeys(engine, own.identity, firstId, count, now);
    return {
      ...next,
      made: [...next.made, ...batch.made],
      oneTime: batch.oneTime,
      oneTimeKyber: batch.oneTimeKyber,
      state: {
        ...next.state,
        nextId: nextPreKeyId(firstId, count),
        batches: [...next.state.batches, { firstId, count, madeAt: now }],
      },
    };
  }

  /** Stores the private halves, then uploads the public ones. */
  async #upload(upload: Upload): Promise<void> {
    const { db, rest, session } = this.#needs;
    await db.write([T.preKeys, T.preKeyState], async (tx) => {
      for (const { kind, id, record } of upload.made) tx.put(T.preKeys, [kind, id], record);
      tx.put(T.preKeyState, 'prekeys', upload.state);
    });
    const { signed, lastResort, statement } = upload;
    const body = {
      ...(signed === undefined ? {} : { signed: jsonOf(signed) }),
      ...(lastResort === undefined ? {} : { lastResort: jsonOf(lastResort) }),
      ...(statement === undefined
        ? {}
        : {
            statement: { bytes: encodeB64u(statement.bytes), signature: encodeB64u(statement.signature) },
          }),
      oneTime: upload.oneTime.map(({ id, publicKey }) => ({ id, publicKey: encodeB64u(publicKey) })),
      oneTimeKyber: upload.oneTimeKyber.map(jsonOf),
    };
    await session.with((token) => rest.call(putPreKeys, { body, token }));
    if (signed !== undefined) await this.#confirm(signed.id);
  }

  /** The server has this signed prekey: from now on it has gone back where it shows one before it. */
  async #confirm(confirmedId: number): Promise<void> {
    await this.#needs.db.write([T.preKeyState], async (tx) => {
      const state = await tx.get(T.preKeyState, 'prekeys');
      if (state === undefined || state.confirmedId === confirmedId) return;
      tx.put(T.preKeyState, 'prekeys', { ...state, confirmedId });
    });
  }

  /**
   * Deletes secrets that no waiting message can need any more, whichever of the two clocks is right. The newest of each kind stays, and
   * what the server holds: it may hand that out today. Of signed ones that is one alone, and only where it `isHonest`.
   */
  async #forget(held: HeldPreKeys | undefined, isHonest: boolean): Promise<void> {
    const { db, clock, twoClocks } = this.#needs;
    const { latest } = twoClocks;
    const now = clock.now();
    const heldIds = new Set(held === undefined ? [] : [...held.oneTime.ids, ...held.oneTimeKyber.ids]);
    const signedId = isHonest ? held?.signed.ids[0] : undefined;
    const seenNow = <Each extends Made>(made: Each, isHeld: boolean): Each => {
      const { heldAt = 0, heldHereAt = 0 } = made;
      const isNews = latest - heldAt >= DAY_MS || Math.abs(now - heldHereAt) >= DAY_MS;
      return isHeld && isNews ? { ...made, heldAt: latest, heldHereAt: now } : made;
    };
    const isOver = (
      { madeAt, heldAt = madeAt, heldHereAt = heldAt }: Made,
      i: number,
      all: readonly Made[],
    ) =>
      i < all.length - 1 &&
      twoClocks.isOlder(
        { latest: Math.max(madeAt, heldAt), here: Math.max(madeAt, heldHereAt) },
        SECRETS_KEPT_MS,
      );
    await db.write([T.preKeys, T.preKeyState], async (tx) => {
      const state = await tx.get(T.preKeyState, 'prekeys');
      if (state === undefined) return;
      const seenSigned = state.signed.map((made) => seenNow(made, made.id === signedId));
      const seen = state.batches.map((batch) =>
        seenNow(
          batch,
          idsOf(batch).some((id) => heldIds.has(id)),
        ),
      );
      const signed = seenSigned.filter(isOver);
      const batches = seen.filter(isOver);
      const isSeen =
        seen.some((batch, i) => batch !== state.batches[i]) ||
        seenSigned.some((made, i) => made !== state.signed[i]);
      if (signed.length + batches.length === 0 && !isSeen) return;
      for (const { id } of signed) {
        tx.delete(T.preKeys, ['signed', id]);
        tx.delete(T.preKeys, ['last-resort', id]);
      }
      for (const id of batches.flatMap(idsOf)) {
        tx.delete(T.preKeys, ['one-time', id]);
        tx.delete(T.preKeys, ['kyber', id]);
      }
      tx.put(T.preKeyState, 'prekeys', {
        ...state,
        signed: seenSigned.filter((made) => !signed.includes(made)),
        batches: seen.filter((made) => !batches.includes(made)),
      });
    });
  }
}

/** The ids of a batch, the same for both kinds. */
function idsOf({ firstId, count }: PreKeyState['batches'][number]): readonly number[] {
  return Array.from({ length: count }, (_, i) => nextPreKeyId(firstId, i));
}

function jsonOf(key: PublicSigned): {
  readonly id: number;
  readonly publicKey: string;
  readonly signature: string;
} {
  return { id: key.id, publicKey: encodeB64u(key.publicKey), signature: encodeB64u(key.signature) };
}
