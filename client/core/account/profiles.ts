/** Names and pictures: the own ones, told to contacts through the encrypted profile, and theirs, read from it. */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { isPicture } from '@tacet/protocol/content/picture';
import type { AccountRecord } from '@tacet/protocol/content/record';
import type { AccountId } from '@tacet/protocol/ids';
import { sha256 } from '@tacet/crypto/vault';
import { copyBytes } from '../bytes.ts';
import { K, T } from '../db/stores.ts';
import { CoreError, fetchPart } from '../failure.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Services } from '../services.ts';
import { shownName } from '../shown-name.ts';
import { untilLater } from '../transport/rest.ts';

/** What a picture is called, so that a screen sees when it is another. */
function nameOf(picture: Uint8Array): string {
  return encodeB64u(sha256(copyBytes(picture)).subarray(0, 12));
}

/** Profiles of this account and its contacts. */
export class Profiles {
  readonly #s: Services;
  /** What reads the profile of each. */
  readonly #readings = new Map<AccountId, () => Promise<void>>();
  #ownPicture: { readonly bytes: Uint8Array; readonly name: string } | undefined;
  #stopped = false;

  constructor(services: Services) {
    this.#s = services;
  }

  /** Changes the shown name, in the record and in the profile that contacts read. */
  async setName(name: string): Promise<void> {
    await this.#change((record) => ({ ...record, name, nameAt: this.#s.clock.now() }));
  }

  /** Changes or takes away the own picture. Throws `CoreError` `picture-unfit`. */
  async setPicture(picture: Uint8Array | undefined): Promise<void> {
    if (picture !== undefined && !isPicture(picture)) {
      throw new CoreError('picture-unfit', 'not a small JPEG file');
    }
    await this.#change(({ picture: _before, ...record }) => ({
      ...record,
      ...(picture === undefined ? {} : { picture }),
      pictureAt: this.#s.clock.now(),
    }));
  }

  /** What the picture of an account is called; `undefined` where there is none. */
  pictureName(account: AccountId): string | undefined {
    if (account !== this.#account) return this.#s.directory.get(account)?.stored.picture;
    const { picture } = this.#s.record.value;
    if (picture === undefined) return undefined;
    if (this.#ownPicture?.bytes !== picture) this.#ownPicture = { bytes: picture, name: nameOf(picture) };
    return this.#ownPicture.name;
  }

  /** The picture of an account, the own one included. */
  async picture(account: AccountId): Promise<Uint8Array | undefined> {
    const { db, record } = this.#s;
    const picture =
      account === this.#account
        ? record.value.picture
        : await db.read([T.pictures], (tx) => tx.get(T.pictures, K.picture(db, account)));
    return picture !== undefined && isPicture(picture) ? picture : undefined;
  }

  /** Reads a contact's profile again, soon; once more where one is being read, perhaps under a key that is no longer his. */
  read(account: AccountId): void {
    if (this.#stopped) return;
    const reading = this.#readings.get(account) ?? oneAtATime(() => this.#read(account));
    this.#readings.set(account, reading);
    this.#s.background.run(reading().catch(untilLater), 'read a profile');
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Stored at once; what a lost connection leaves undone is published with the next one. */
  async #change(edit: (record: AccountRecord) => AccountRecord): Promise<void> {
    const { changeProfile, publishProfile } = await fetchPart(() => import('./rotation.ts'));
    if (!this.#s.record.fits(edit))
      throw new CoreError('record-full', 'a profile that the record has no room for');
    await this.#s.db.write([T.record, T.own], async (tx) => changeProfile(this.#s, tx, edit));
    await publishProfile(this.#s).catch(untilLater);
  }

  async #read(account: AccountId): Promise<void> {
    const { db, directory, people, record } = this.#s;
    const profileKey = record.contact(account)?.profileKey;
    if (profileKey === undefined) return;
    const seen = directory.get(account)?.stored.profile;
    // Whoever had the key before may have counted as high as there is: what he wrote keeps nothing from being read under the next one.
    const above = seen !== undefined && equalBytes(seen.key, profileKey) ? seen.version : 0;
    const profile = await people.fetchProfile(account, profileKey, above);
    if (profile === undefined) return;
    const { username, picture } = profile.document;
    const name = shownName(profile.document.name, username);
    const shown = picture !== undefined && isPicture(picture) ? picture : undefined;
    await db.write([T.people, T.record, T.pictures], async (tx) => {
      if (shown === undefined) tx.delete(T.pictures, K.picture(db, account));
      else tx.put(T.pictures, K.picture(db, account), shown);
      directory.edit(tx, account, ({ picture: _before, ...held }) => ({
        ...held,
        profile: { version: profile.version, key: profileKey },
        name,
        // His own claim: it is shown as his word, and nobody is ever found by it.
        username,
        ...(shown === undefined ? {} : { picture: nameOf(shown) }),
      }));
      tx.after(() => this.#s.peopleChanged());
      const contact = record.contact(account);
      if (contact === undefined || contact.name === name) return;
      // Somebody else chooses how long it is: a record without room keeps the name that it has.
      if (!record.hasRoom && name.length > (contact.name?.length ?? 0)) return;
      record.changeContact(tx, account, (held) => ({ ...(held ?? contact), name }));
    });
  }

  get #account(): AccountId {
    return this.#s.own.value.account;
  }
}
