/**
 * Meeting people by their invites: following one, answering the one that a sign-up came by. The inviter's account key is held against the
 * hash in the link; the answer carries a MAC under the link's secret over the own account key. `giving.ts` has the own ones.
 */
import { idBytes, type AccountId } from '@tacet/protocol/ids';
import { PublicKey } from '@tacet/crypto';
import { inviteMac, keyFrom, type InviteSecret } from '@tacet/crypto/vault';
import { copyBytes } from '../bytes.ts';
import { LINE_TABLES } from '../conversations/lines.ts';
import { T } from '../db/stores.ts';
import type { InviteAnswer } from '../db/stored-device.ts';
import { decidedAt, newContact } from '../people/contact-entry.ts';
import { CoreError, isCoreError } from '../failure.ts';
import { giveProfile } from '../messages/handlers/profile.ts';
import { scanCode, wasEnded } from '../safety/encounters.ts';
import type { Services } from '../services.ts';
import { isRepeatable } from '../transport/rest.ts';
import { checkInvite, isInvitersKey, requireInvitersKey } from './inviter.ts';
import { parseInviteLink } from './invites.ts';

/** Invites that this account follows. */
export class Meeting {
  readonly #s: Services;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(services: Services) {
    this.#s = services;
  }

  /** Opens the conversation that an invite leads to. */
  async followInvite(text: string): Promise<AccountId> {
    const { rest, origin } = this.#s;
    const link = parseInviteLink(text, origin);
    if (wasEnded(this.#s, idBytes(link.code))) throw new CoreError('invite-invalid', 'scanned and refused');
    const answer = await checkInvite(rest, this.#s.anonymous, link);
    if (answer === undefined) throw new CoreError('invite-malformed', 'an invite that leads to nobody');
    if (answer.account === this.#account) throw new CoreError('invite-own', 'the own invite');
    // People who know each other scan a code to meet face to face.
    const isKnown = this.#s.record.contact(answer.account)?.state === 'accepted';
    if (!isKnown || answer.scan !== undefined) await this.#answer(answer);
    return answer.account;
  }

  /** Answers an invite: the inviter's proved entry becomes a contact, and gets profile, keys and the MAC. */
  async #answer(answer: InviteAnswer): Promise<void> {
    const { clock } = this.#s;
    const { account } = answer;
    const entry = await this.#s.people.askAs(account, answer.deliveryKey);
    if (entry.account !== account) throw new CoreError('server-dishonest', 'the entry of somebody else');
    this.#s.record.requireRoomFor(account);
    requireInvitersKey(answer, entry.accountKey);
    const tables = [...LINE_TABLES, T.people, T.record, T.own, T.outbox];
    const inForce = await this.#s.directory.settle(entry, tables, async (tx, person) => {
      const now = clock.now();
      const wasAccepted = this.#s.record.contact(account)?.state === 'accepted';
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
      if (!wasAccepted) this.#s.conversations.addEvent(tx, account, { what: 'invite-accepted' });
      const nonce = scanCode(this.#s, tx, answer, person.stored.accountKey);
      const mac = inviteMac(keyFrom<InviteSecret>(answer.secret), {
        account: idBytes(this.#account),
        accountKey: PublicKey.deserialize(copyBytes(this.#s.own.value.accountKey)),
      });
      giveProfile(this.#s, tx, account, {
        code: idBytes(answer.code),
        mac,
        ...(nonce === undefined ? {} : { nonce }),
      });
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
