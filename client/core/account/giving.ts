/**
 * Giving invites: a link or a code is made with its secret in the uploaded record, one that nobody was given yet is offered again, and
 * those whose time is not over are told of. The server holds as many open ones as an account may have; what it still counts though it
 * was used or withdrawn makes room.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { OpenInvite } from '@tacet/protocol/content/record';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId, type InviteCode } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { listInvites, makeInvite, withdrawInvite } from '@tacet/protocol/rest/people';
import { PublicKey } from '@tacet/crypto';
import {
  deriveDeliveryKey,
  generateKey,
  hashAccountKey,
  keyFrom,
  type InviteSecret,
  type ProfileKey,
} from '@tacet/crypto/vault';
import { copyBytes, type OwnBytes } from '../bytes.ts';
import { T } from '../db/stores.ts';
import { CoreError } from '../failure.ts';
import { KeyedLocks } from '../locks.ts';
import { hideCode, showCode } from '../safety/encounters.ts';
import type { Services } from '../services.ts';
import type { OwnInviteView } from '../view.ts';
import { formatInviteLink, parseInviteLink } from './invites.ts';
import { closeInvite, isOpen, keptInvites } from './kept-invites.ts';

/** A link that ends sooner is not offered again: whoever is given it needs time. */
const OFFERED_LEAST_MS = 24 * 60 * 60_000;

/** An invite as it is handed out. */
export interface Given {
  readonly link: string;
  readonly expiresAt: number;
}

/** The own invites, as their owner gives them. */
export class Giving {
  readonly #s: Services;
  readonly #locks = new KeyedLocks();

  constructor(services: Services) {
    this.#s = services;
  }

  /**
   * Makes a single-use invite; its secret is in the uploaded record before the link is given out. `scan`: for somebody who is there, good
   * for ten minutes. Throws `CoreError` `invites-full`, `record-full`.
   */
  async make(use: 'link' | 'scan'): Promise<Given> {
    const { db, clock, twoClocks, record } = this.#s;
    if (!record.hasRoom) throw new CoreError('record-full', 'no room for who would come');
    const ageMs = use === 'scan' ? LIMITS.inviteScanAgeMs : LIMITS.inviteDefaultAgeMs;
    const code = await this.#askForCode(ageMs);
    // By this device's clock, which is the one that will judge the answer.
    const now = clock.now();
    const invite: OpenInvite = {
      code: idBytes(code),
      secret: generateKey<InviteSecret>(),
      expiresAt: now + ageMs,
      madeAt: now,
      ...(use === 'scan' ? { scan: true } : {}),
    };
    const scan = await db.write([T.record, T.own], async (tx) => {
      record.change(tx, (held) => ({
        ...held,
        invites: keptInvites([...held.invites, invite], twoClocks.earliest),
      }));
      return use === 'scan' ? showCode(this.#s, tx, invite) : undefined;
    });
    await record.flush();
    return { link: this.#linkOf(invite, scan), expiresAt: invite.expiresAt };
  }

  /** A link that nobody was given yet, a new one where there is none. Throws as `make` does. */
  offer(): Promise<Given> {
    return this.#locks.run(['given'], () => this.#offer());
  }

  async #offer(): Promise<Given> {
    const { clock, record } = this.#s;
    const now = clock.now();
    const unused = record.value.invites.findLast(
      (invite) =>
        isOpen(invite, now) && stateOf(invite) === 'unused' && invite.expiresAt - now > OFFERED_LEAST_MS,
    );
    if (unused === undefined) return this.make('link');
    await record.flush();
    return { link: this.#linkOf(unused), expiresAt: unused.expiresAt };
  }

  /** A link was copied or shared. */
  noteGiven(text: string): Promise<void> {
    const code = idBytes(parseInviteLink(text, this.#s.origin).code);
    return this.#locks.run(['given'], () => this.#noteGiven(code));
  }

  async #noteGiven(code: Uint8Array): Promise<void> {
    const { db, clock, record } = this.#s;
    const isIt = (invite: OpenInvite): boolean =>
      equalBytes(invite.code, code) && invite.givenAt === undefined;
    await db.write([T.record], async (tx) => {
      if (!record.value.invites.some(isIt)) return;
      record.change(tx, (held) => ({
        ...held,
        invites: held.invites.map((invite) => (isIt(invite) ? { ...invite, givenAt: clock.now() } : invite)),
      }));
    });
  }

  /**
   * Ends an own invite. From the first step on an answer to it lets nobody in here, whatever the server does with the code. Throws what a
   * lost connection throws: then the code itself lives until its time is over.
   */
  async withdraw(text: string): Promise<void> {
    const { db, clock, origin, record } = this.#s;
    const { code } = parseInviteLink(text, origin);
    const isIt = (invite: OpenInvite): boolean =>
      equalBytes(invite.code, idBytes(code)) && invite.closedAt === undefined;
    await db.write([T.record, T.own], async (tx) => {
      hideCode(this.#s, tx, idBytes(code));
      if (!record.value.invites.some(isIt)) return;
      record.change(tx, (held) => ({
        ...held,
        invites: held.invites.map((invite) => (isIt(invite) ? closeInvite(invite, clock.now()) : invite)),
      }));
    });
    await this.#end(code);
  }

  /** The links whose time is not over, newest first. Codes that were shown to be scanned are none. */
  list(): readonly OwnInviteView[] {
    const { clock, record } = this.#s;
    const now = clock.now();
    return record.value.invites
      .filter(({ scan, expiresAt }) => scan !== true && expiresAt >= now)
      .toSorted((a, b) => b.expiresAt - a.expiresAt)
      .map((invite) => {
        const { madeAt, expiresAt, by } = invite;
        const came = by === undefined ? undefined : record.contact(idOf<AccountId>(by));
        const name = came?.name ?? came?.username;
        const link = isOpen(invite, now) ? this.#linkOf(invite) : undefined;
        const state = stateOf(invite);
        return { link, madeAt, expiresAt, state, ...(name === undefined ? {} : { by: name }) };
      });
  }

  /** `scan`: of a code that is shown to be scanned, the commitment that it carries. */
  #linkOf({ code, secret }: OpenInvite, scan?: OwnBytes): string {
    const { origin, own, record } = this.#s;
    return formatInviteLink(origin, idOf<InviteCode>(code), {
      secret: copyBytes(secret),
      accountKeyHash: hashAccountKey(PublicKey.deserialize(copyBytes(own.value.accountKey))),
      deliveryKey: deriveDeliveryKey(keyFrom<ProfileKey>(record.value.profileKey)),
      ...(scan === undefined ? {} : { scan }),
    });
  }

  async #askForCode(ageMs: number): Promise<InviteCode> {
    for (let tries = 1; ; tries += 1) {
      try {
        const body = { uses: 1, ageMs };
        const { rest, session } = this.#s;
        const reply = await session.with((token) => rest.call(makeInvite, { body, token }));
        return reply.code as InviteCode;
      } catch (error) {
        if (!isWireError(error, 'queue-full')) throw error;
        if (tries > 1 || !(await this.endClosed())) {
          throw new CoreError('invites-full', 'as many open invites as an account may have', {
            cause: error,
          });
        }
      }
    }
  }

  /**
   * Ends on the server what is closed here and still open there: somebody with an account used it, or its withdrawal never arrived. Gives
   * whether there was any. Throws what a lost connection throws.
   */
  async endClosed(): Promise<boolean> {
    const { rest, session, record } = this.#s;
    const closed = new Set(
      record.value.invites
        .filter(({ closedAt }) => closedAt !== undefined)
        .map(({ code }) => encodeB64u(code)),
    );
    const { invites } = await session.with((token) => rest.call(listInvites, { token }));
    const over = invites.filter(({ code }) => closed.has(code));
    for (const { code } of over) await this.#end(code);
    return over.length > 0;
  }

  /** Ends a code on the server. */
  async #end(code: string): Promise<void> {
    const { rest, session } = this.#s;
    try {
      await session.with((token) => rest.call(withdrawInvite, { params: { code }, token }));
    } catch (error) {
      // Used up by a sign-up, or over.
      if (!isWireError(error, 'invite-invalid')) throw error;
    }
  }
}

function stateOf({ closedAt, givenAt, madeAt, by, scan }: OpenInvite): OwnInviteView['state'] {
  if (closedAt !== undefined) return by === undefined ? 'withdrawn' : 'used';
  // Of one without a moment nobody knows whether it was given; a code was shown.
  return givenAt === undefined && madeAt !== undefined && scan !== true ? 'unused' : 'given';
}
