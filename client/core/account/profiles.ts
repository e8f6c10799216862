/** Names: the own one, told to contacts through the encrypted profile, and theirs, read from it. */
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { ProfileDocument } from '@tacet/protocol/content/record';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { putProfile } from '@tacet/protocol/rest/accounts';
import { keyFrom, sealProfile, type ProfileKey } from '@tacet/crypto/vault';
import { T } from '../db/stores.ts';
import { giveProfile } from '../messages/handlers/profile.ts';
import type { Services } from '../services.ts';
import { isRepeatable } from '../transport/rest.ts';

/** Profiles of this account and its contacts. */
export class Profiles {
  readonly #s: Services;
  readonly #asked = new Set<AccountId>();
  #stopped = false;

  constructor(services: Services) {
    this.#s = services;
  }

  /** Changes the shown name, in the record and in the profile that contacts read. */
  async setName(name: string): Promise<void> {
    const { db, rest, clock } = this.#s;
    await db.write([T.record], async (tx) =>
      this.#s.record.change(tx, (record) => ({
        ...record,
        name,
        nameAt: clock.now(),
        profileVersion: record.profileVersion + 1,
      })),
    );
    await this.#s.record.flush();
    const { profileKey, profileVersion: version } = this.#s.record.value;
    const document: ProfileDocument = { v: 1, name, username: this.#s.own.value.username };
    const binding = { account: idBytes(this.#account), version };
    const sealed = sealProfile(keyFrom<ProfileKey>(profileKey), encodeCbor(document), binding);
    await this.#s.session.with((token) =>
      rest.call(putProfile, { body: { version, sealed: encodeB64u(sealed) }, token }),
    );
    await db.write([T.outbox], async (tx) => {
      for (const contact of this.#s.record.contacts) {
        if (contact.state === 'accepted') {
          giveProfile(this.#s, tx, idOf<AccountId>(contact.account));
        }
      }
    });
  }

  /** Reads a contact's profile again, soon. */
  read(account: AccountId): void {
    if (this.#asked.has(account) || this.#stopped) return;
    this.#asked.add(account);
    const { db, background } = this.#s;
    const read = async (): Promise<void> => {
      const profileKey = this.#s.record.contact(account)?.profileKey;
      const above = this.#s.directory.get(account)?.stored.profileVersion ?? 0;
      if (profileKey === undefined) return;
      const profile = await this.#s.people.fetchProfile(account, profileKey, above);
      if (profile === undefined) return;
      const { name, username } = profile.document;
      await db.write([T.people, T.record], async (tx) => {
        this.#s.directory.edit(tx, account, (held) => ({ ...held, profileVersion: profile.version, name }));
        const contact = this.#s.record.contact(account);
        if (contact === undefined || (contact.name === name && contact.username !== undefined)) return;
        this.#s.record.changeContact(tx, account, (held) => ({
          ...(held ?? contact),
          name,
          username: contact.username ?? username,
        }));
      });
    };
    background.run(
      read()
        .catch((error: unknown) => {
          if (!isRepeatable(error)) throw error;
        })
        .finally(() => this.#asked.delete(account)),
      'read a profile',
    );
  }

  stop(): void {
    this.#stopped = true;
  }

  get #account(): AccountId {
    return this.#s.own.value.account;
  }
}
