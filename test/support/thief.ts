/**
 * A thief who has read everything off one device of an account: he has its session and the record key, and reads and writes by hand what
 * the account keeps on the server. The device itself is closed.
 */
import { openLocalDatabase } from '@tacet/client/core/account/local';
import { Session } from '@tacet/client/core/account/session';
import { Rest } from '@tacet/client/core/transport/rest';
import {
  hashRecord,
  keyFrom,
  openRecord,
  sealRecord,
  type ProfileKey,
  type RecordKey,
} from '@tacet/crypto/vault';
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { decodeCbor } from '@tacet/protocol/cbor';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { getRecord, putProfile, putRecord } from '@tacet/protocol/rest/accounts';
import { makeInvite } from '@tacet/protocol/rest/people';
import { accountOf, openTestClient, signIn } from './make-client.ts';

/** The record as a thief sees it: fields by name. */
export type StolenRecord = Readonly<Record<string, unknown>>;

export interface Thief {
  readonly device: DeviceId;
  /** The account, 16 bytes. */
  readonly account: Uint8Array;
  /** Reads the record with the key that the device had. Throws where it opens no more. */
  readRecord(): Promise<StolenRecord>;
  /**
   * Writes the next record, made of the one in force, again where another device wrote in between. `change` gives its plain form;
   * `undefined`: what opens under no key.
   */
  writeRecord(change: (record: StolenRecord) => Uint8Array | undefined): Promise<void>;
  /** Makes an invite as the account and gives its code. */
  makeInvite(): Promise<string>;
  /** The profile key in the record. */
  profileKey(): Promise<ProfileKey>;
  /** Puts a profile, sealed or not. */
  writeProfile(version: number, sealed: Uint8Array): Promise<void>;
}

/** Signs another device of the account in and takes everything off it. */
export async function openThief(url: string, username: string, passphrase: string): Promise<Thief> {
  const stolen = openTestClient({ url });
  await signIn(stolen, username, passphrase);
  const account = idBytes(accountOf(stolen));
  await stolen.close();
  const found = await openLocalDatabase(stolen.ports, () => undefined);
  if (found.kind !== 'device') throw new Error('no device');
  const recordKey = keyFrom<RecordKey>(found.own.recordKey);
  const { device } = found.own;
  found.db.close();
  const rest = new Rest(stolen.ports.http, stolen.ports.clock);
  const session = new Session(stolen.ports, rest, device);

  async function read(): Promise<{
    readonly version: number;
    readonly sealed: Uint8Array;
    readonly record: StolenRecord;
  }> {
    const { version, sealed: text } = await session.with((token) => rest.call(getRecord, { token }));
    const sealed = decodeB64u(text);
    if (sealed === undefined) throw new Error('no record');
    const record = decodeCbor(openRecord(recordKey, sealed, { account, version })) as StolenRecord;
    return { version, sealed, record };
  }

  async function writeRecord(change: (record: StolenRecord) => Uint8Array | undefined): Promise<void> {
    for (;;) {
      const held = await read();
      const version = held.version + 1;
      const plain = change({ ...held.record, previous: hashRecord(held.sealed) });
      const sealed =
        plain === undefined
          ? new Uint8Array(held.sealed.length).fill(1)
          : sealRecord(recordKey, plain, { account, version });
      try {
        const body = { version, sealed: encodeB64u(sealed) };
        await session.with((token) => rest.call(putRecord, { body, token }));
        return;
      } catch (error) {
        // Another device has written in between.
        if (!isWireError(error, 'version-mismatch')) throw error;
      }
    }
  }

  return {
    device,
    account,
    readRecord: async () => (await read()).record,
    writeRecord,
    async makeInvite() {
      const body = { uses: LIMITS.inviteMaxUses, ageMs: LIMITS.inviteMaxAgeMs };
      return (await session.with((token) => rest.call(makeInvite, { body, token }))).code;
    },
    async profileKey() {
      const { record } = await read();
      return keyFrom<ProfileKey>(record['profileKey'] as Uint8Array);
    },
    async writeProfile(version, sealed) {
      const body = { version, sealed: encodeB64u(sealed) };
      await session.with((token) => rest.call(putProfile, { body, token }));
    },
  };
}
