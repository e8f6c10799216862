/**
 * Meeting people by invites: making a link, following one, answering the one that a sign-up came by. The inviter's account key is held
 * against the hash in the link; the answer carries a MAC under the link's secret over the own account key.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { OpenInvite } from '@tacet/protocol/content/record';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, type AccountId, type InviteCode } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import {
  makeInvite as makeInviteRoute,
  withdrawInvite as withdrawInviteRoute,
} from '@tacet/protocol/rest/people';
import { PublicKey } from '@tacet/crypto';
import {
  deriveDeliveryKey,
  generateKey,
  hashAccountKey,
  inviteMac,
  keyFrom,
  type InviteSecret,
  type ProfileKey,
} from '@tacet/crypto/vault';
import { copyBytes } from '../bytes.ts';
import { LINE_TABLES } from '../conversations/lines.ts';
import { T, type InviteAnswer } from '../db/stores.ts';
import { decidedAt, newContact } from '../people/contact-entry.ts';
import { CoreError, isCoreError } from '../failure.ts';
import { giveProfile } from '../messages/handlers/profile.ts';
import type { Services } from '../services.ts';
import { isRepeatable } from '../transport/rest.ts';
import { checkInvite, isInvitersKey, requireInvitersKey } from './inviter.ts';
import { formatInviteLink, parseInviteLink } from './invites.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Invites of this account, given and followed. */
export class Meeting {
  readonly #s: Services;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(services: Services) {
    this.#s = services;
  }

  /**
   * Makes a single-use invite; its secret is in the uploaded record before the link is given out. `scan`: for somebody who is there, good
   * for ten minutes.
   */
  async makeInvite(use: 'link' | 'scan'): Promise<{ readonly link: string; readonly expiresAt: number }> {
    const { db, rest, clock, origin } = this.#s;
    const ageMs = use === 'scan' ? LIMITS.inviteScanAgeMs : LIMITS.inviteDefaultAgeMs;
    const body = { uses: 1, ageMs };
    const reply = await this.#s.session.with((token) => rest.call(makeInviteRoute, { body, token }));
    const code = reply.code as InviteCode;
    const secret = generateKey<InviteSecret>();
    // By this device's clock, which is the one that will judge the answer.
    const expiresAt = clock.now() + ageMs;
    await db.write([T.record], async (tx) =>
      this.#s.record.change(tx, (record) => ({
        ...record,
        invites: [
          ...record.invites.filter((invite) => invite.expiresAt + DAY_MS > clock.now()),
          { code: idBytes(code), secret, expiresAt },
        ],
      })),
    );
    await this.#s.record.flush();
    const accountKey = PublicKey.deserialize(copyBytes(this.#s.own.value.accountKey));
    const link = formatInviteLink(origin, code, {
      secret,
      accountKeyHash: hashAccountKey(accountKey),
      deliveryKey: deriveDeliveryKey(keyFrom<ProfileKey>(this.#s.record.value.profileKey)),
    });
    return { link, expiresAt };
  }

  /**
   * Ends an own invite. From the first step on an answer to it lets nobody in here, whatever the server does with the code. Throws what a
   * lost connection throws: then the code itself lives until its time is over.
   */
  async withdrawInvite(text: string): Promise<void> {
    const { db, rest, clock, origin, record, session } = this.#s;
    const { code } = parseInviteLink(text, origin);
    const isIt = (invite: OpenInvite): boolean => equalBytes(invite.code, idBytes(code));
    const isOpen = (invite: OpenInvite): boolean => isIt(invite) && invite.closedAt === undefined;
    await db.write([T.record], async (tx) => {
      if (!record.value.invites.some(isOpen)) return;
      record.change(tx, (held) => ({
        ...held,
        invites: held.invites.map((invite) =>
          isOpen(invite) ? { ...invite, closedAt: clock.now() } : invite,
        ),
      }));
    });
    try {
      await session.with((token) => rest.call(withdrawInviteRoute, { params: { code }, token }));
    } catch (error) {
      // Used up by a sign-up, or over.
      if (!isWireError(error, 'invite-invalid')) throw error;
    }
  }

  /** Opens the conversation that an invite leads to. */
  async followInvite(text: string): Promise<AccountId> {
    const { rest, origin } = this.#s;
    const link = parseInviteLink(text, origin);
    const answer = await checkInvite(rest, this.#s.anonymous, link);
    if (answer === undefined) throw new CoreError('invite-malformed', 'an invite that leads to nobody');
    if (answer.account === this.#account) throw new CoreError('invite-own', 'the own invite');
    if (this.#s.record.contact(answer.account)?.state !== 'accepted') await this.#answer(answer);
    return answer.account;
  }

  /** Answers an invite: the inviter's proved entry becomes a contact, and gets profile, keys and the MAC. */
  async #answer(answer: InviteAnswer): Promise<void> {
    const { clock } = this.#s;
    const { account } = answer;
    const entry = await this.#s.people.askAs(account, answer.deliveryKey);
    if (entry.account !== account) throw new CoreError('server-dishonest', 'the entry of somebody else');
    requireInvitersKey(answer, entry.accountKey);
    const tables = [...LINE_TABLES, T.people, T.record, T.own, T.outbox];
    const inForce = await this.#s.directory.settle(entry, tables, async (tx, person) => {
      const now = clock.now();
      // What has come into force since then may be another key than the one that was held against the link.
      if (person === undefined || !isInvitersKey(answer, person.stored.accountKey)) return person;
      this.#s.record.changeContact(tx, account, (held) => {
        const contact = held ?? newContact(person, 'accepted', 'by-invite', now);
        const trust = contact.trust === 'verified' ? contact.trust : 'by-invite';
        const keysAt = contact.deliveryKey === undefined ? 1 : contact.keysAt;
        const deliveryKey = contact.deliveryKey ?? answer.deliveryKey;
        const { username } = answer;
        const believedAt = Math.max(now, contact.believedAt);
        return {
          ...contact,
          state: 'accepted',
          trust,
          believedAt,
          changedAt: decidedAt(now, contact),
          deliveryKey,
          keysAt,
          username,
        };
      });
      this.#s.conversations.ensure(tx, account);
      this.#s.conversations.addEvent(tx, account, { what: 'invite-accepted' });
      const mac = inviteMac(keyFrom<InviteSecret>(answer.secret), {
        account: idBytes(this.#account),
        accountKey: PublicKey.deserialize(copyBytes(this.#s.own.value.accountKey)),
      });
      giveProfile(this.#s, tx, account, { code: idBytes(answer.code), mac });
      if (this.#s.own.value.answering !== undefined) {
        this.#s.own.change(tx, ({ answering: _done, ...own }) => own);
      }
      return person;
    });
    if (inForce === undefined)
      throw new CoreError('key-changed', 'the key of a verified contact has changed');
    requireInvitersKey(answer, inForce.stored.accountKey);
  }

  /**
   * Answers the invite that the sign-up came by, again and again until the answer is in the outbox. Where the server shows another key
   * than the link names, nothing is answered: the person is told until he has seen it.
   */
  async answerLater(answer: InviteAnswer): Promise<void> {
    for (let delayMs = 500; !this.#stopped; delayMs = Math.min(2 * delayMs, 60_000)) {
      try {
        await this.#answer(answer);
        return;
      } catch (error) {
        if (isCoreError(error, 'invite-key-mismatch')) return this.#refuse();
        if (!isRepeatable(error)) throw error;
      }
      await this.#wait(delayMs);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  /** Ends early with `stop`, and leaves no timer behind. */
  async #wait(delayMs: number): Promise<void> {
    let cancel: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      cancel = this.#s.clock.after(delayMs, resolve);
      this.#wake = resolve;
    });
    cancel?.();
    this.#wake = undefined;
  }

  async #refuse(): Promise<void> {
    const { db, own } = this.#s;
    await db.write([T.own], async (tx) => {
      own.change(tx, (held) =>
        held.answering === undefined ? held : { ...held, answering: { ...held.answering, refused: true } },
      );
      tx.after(() => this.#s.peopleChanged());
    });
  }

  get #account(): AccountId {
    return this.#s.own.value.account;
  }
}
