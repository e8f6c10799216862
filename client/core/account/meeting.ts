/**
 * Meeting people by invites: making a link, following one, answering the one that a sign-up came by. The inviter's account key is held
 * against the hash in the link; the answer carries a MAC under the link's secret over the own account key.
 */
import { idBytes, type AccountId, type InviteCode } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { makeInvite as makeInviteRoute } from '@tacet/protocol/rest/people';
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
import { LINE_TABLES } from '../conversations.ts';
import { T, type InviteAnswer } from '../db/stores.ts';
import { newContact } from '../directory.ts';
import { CoreError } from '../failure.ts';
import { giveProfile } from '../messages/handlers/profile.ts';
import type { Services } from '../services.ts';
import { isRepeatable } from '../transport/rest.ts';
import { checkInvite, requireInvitersKey } from './inviter.ts';
import { formatInviteLink, parseInviteLink } from './invites.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Invites of this account, given and followed. */
export class Meeting {
  readonly #s: Services;
  #stopped = false;

  constructor(services: Services) {
    this.#s = services;
  }

  /** Makes a single-use invite; its secret is in the uploaded record before the link is given out. */
  async makeInvite(): Promise<{ readonly link: string; readonly expiresAt: number }> {
    const { db, rest, clock, origin } = this.#s;
    const body = { uses: 1, ageMs: LIMITS.inviteDefaultAgeMs };
    const reply = await this.#s.session.with((token) => rest.call(makeInviteRoute, { body, token }));
    const code = reply.code as InviteCode;
    const secret = generateKey<InviteSecret>();
    const { expiresAt } = reply;
    await db.write([T.record], async (tx) =>
      this.#s.record.change(tx, (record) => ({
        ...record,
        invites: [
          ...record.invites.filter((invite) => invite.expiresAt + DAY_MS > clock.now()),
          // By this device's clock, which is the one that will judge the answer.
          { code: idBytes(code), secret, expiresAt: clock.now() + LIMITS.inviteDefaultAgeMs },
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
    const { db, clock } = this.#s;
    const { account } = answer;
    const now = clock.now();
    const entry = await this.#s.people.askAs(account, answer.deliveryKey);
    if (entry.account !== account) throw new CoreError('server-dishonest', 'the entry of somebody else');
    requireInvitersKey(answer, entry.accountKey);
    const judgement = this.#s.directory.judge(entry, 'server');
    const tables = [...LINE_TABLES, T.people, T.record, T.own, T.outbox];
    await db.write(tables, async (tx) => {
      const person = this.#s.directory.commit(tx, judgement);
      if (person === undefined) return;
      this.#s.record.changeContact(tx, account, (held) => {
        const contact = held ?? newContact(person, 'accepted', 'by-invite', now);
        const trust = contact.trust === 'verified' ? contact.trust : 'by-invite';
        const keysAt = contact.deliveryKey === undefined ? 1 : contact.keysAt;
        const deliveryKey = contact.deliveryKey ?? answer.deliveryKey;
        const { username } = answer;
        return { ...contact, state: 'accepted', trust, changedAt: now, deliveryKey, keysAt, username };
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
    });
  }

  /** Answers the invite that the sign-up came by, again and again until the answer is in the outbox. */
  async answerLater(answer: InviteAnswer): Promise<void> {
    const { clock } = this.#s;
    for (let delayMs = 500; !this.#stopped; delayMs = Math.min(2 * delayMs, 60_000)) {
      try {
        await this.#answer(answer);
        return;
      } catch (error) {
        if (!isRepeatable(error)) throw error;
      }
      await new Promise<void>((resolve) => {
        clock.after(delayMs, resolve);
      });
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  get #account(): AccountId {
    return this.#s.own.value.account;
  }
}
