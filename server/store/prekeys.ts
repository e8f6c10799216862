/** Queries of prekeys. A one-time key is deleted by the transaction that hands it out, so it leaves the server once. */
import type { FirstUpload, HandedOut, HeldKeys, PrekeyStore, Upload } from './account-ports.ts';
import type { Builder } from './dialect.ts';
import { all, first, run, type Transaction } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The prekeys of a database. */
export function buildPrekeyStore(engine: StoreEngine): PrekeyStore {
  const { build } = engine;
  return {
    held: (device) => engine.read(() => held(build, device)),
    put: (device, upload, most) => engine.write(() => put(build, device, upload, most)),
    take: (device, spare) => engine.write(() => take(build, device, spare)),
  };
}

/** A part of a transaction: stores one-time keys; an id that is held already stays as it is. */
export function* insertOneTimeKeys(
  build: Builder,
  device: Uint8Array,
  keys: Pick<FirstUpload, 'oneTime' | 'oneTimeKyber'>,
): Transaction<void> {
  if (keys.oneTime.length > 0) {
    yield* run(
      build
        .insertInto('one_time_prekeys')
        .values(keys.oneTime.map(({ id, publicKey }) => ({ device, id, public_key: publicKey })))
        .onConflict((conflict) => conflict.doNothing()),
    );
  }
  if (keys.oneTimeKyber.length > 0) {
    yield* run(
      build
        .insertInto('one_time_kyber_prekeys')
        .values(
          keys.oneTimeKyber.map(({ id, publicKey, signature }) => ({
            device,
            id,
            public_key: publicKey,
            signature,
          })),
        )
        .onConflict((conflict) => conflict.doNothing()),
    );
  }
}

function* held(build: Builder, device: Uint8Array): Transaction<HeldKeys | undefined> {
  const row = yield* first(
    build
      .selectFrom('devices')
      .where('id', '=', device)
      .select(['signed_id', 'signed_key', 'last_resort_id', 'last_resort_key']),
  );
  if (row === undefined) return undefined;
  const oneTime = yield* all(
    build
      .selectFrom('one_time_prekeys')
      .where('device', '=', device)
      .orderBy('id')
      .select(['id', 'public_key as publicKey']),
  );
  const oneTimeKyber = yield* all(
    build
      .selectFrom('one_time_kyber_prekeys')
      .where('device', '=', device)
      .orderBy('id')
      .select(['id', 'public_key as publicKey']),
  );
  return {
    oneTime,
    oneTimeKyber,
    signed: { id: row.signed_id, publicKey: row.signed_key },
    lastResort: { id: row.last_resort_id, publicKey: row.last_resort_key },
  };
}

function* put(
  build: Builder,
  device: Uint8Array,
  upload: Upload,
  most: number,
): Transaction<HeldKeys | 'too-many' | undefined> {
  const before = yield* held(build, device);
  if (before === undefined) return undefined;
  if (countWith(before.oneTime, upload.oneTime) > most) return 'too-many';
  if (countWith(before.oneTimeKyber, upload.oneTimeKyber) > most) return 'too-many';
  const { signed, lastResort, statement } = upload;
  if (signed !== undefined) {
    yield* run(
      build
        .updateTable('devices')
        .set({ signed_id: signed.id, signed_key: signed.publicKey, signed_signature: signed.signature })
        .where('id', '=', device),
    );
  }
  if (lastResort !== undefined) {
    yield* run(
      build
        .updateTable('devices')
        .set({
          last_resort_id: lastResort.id,
          last_resort_key: lastResort.publicKey,
          last_resort_signature: lastResort.signature,
        })
        .where('id', '=', device),
    );
  }
  if (statement !== undefined) {
    yield* run(
      build
        .updateTable('devices')
        .set({ statement: statement.bytes, statement_signature: statement.signature })
        .where('id', '=', device),
    );
  }
  yield* insertOneTimeKeys(build, device, upload);
  return yield* held(build, device);
}

function countWith(held: readonly { id: number }[], more: readonly { id: number }[]): number {
  return new Set([...held, ...more].map(({ id }) => id)).size;
}

function* take(build: Builder, device: Uint8Array, spare: boolean): Transaction<HandedOut | undefined> {
  const row = yield* first(build.selectFrom('devices').where('id', '=', device).selectAll());
  if (row === undefined) return undefined;
  const oneTime = spare ? undefined : yield* takeOne(build, 'one_time_prekeys', device);
  const kyber = spare ? undefined : yield* takeKyber(build, device);
  const left = yield* first(
    build.selectNoFrom((select) => [
      select
        .selectFrom('one_time_prekeys')
        .where('device', '=', device)
        .select((count) => count.fn.countAll<number>().as('n'))
        .as('plain'),
      select
        .selectFrom('one_time_kyber_prekeys')
        .where('device', '=', device)
        .select((count) => count.fn.countAll<number>().as('n'))
        .as('kyber'),
    ]),
  );
  return {
    bundle: {
      device,
      signed: { id: row.signed_id, publicKey: row.signed_key, signature: row.signed_signature },
      kyber: kyber ?? {
        id: row.last_resort_id,
        publicKey: row.last_resort_key,
        signature: row.last_resort_signature,
      },
      ...(oneTime === undefined ? {} : { oneTime }),
      statement: { bytes: row.statement, signature: row.statement_signature },
    },
    left: Math.min(Number(left?.plain ?? 0), Number(left?.kyber ?? 0)),
  };
}

function* takeOne(
  build: Builder,
  table: 'one_time_prekeys',
  device: Uint8Array,
): Transaction<{ id: number; publicKey: Uint8Array } | undefined> {
  return yield* first(
    build
      .deleteFrom(table)
      .where('device', '=', device)
      .where('id', '=', (lowest) =>
        lowest
          .selectFrom(table)
          .where('device', '=', device)
          .select((least) => least.fn.min('id').as('id')),
      )
      .returning(['id', 'public_key as publicKey']),
  );
}

function* takeKyber(
  build: Builder,
  device: Uint8Array,
): Transaction<{ id: number; publicKey: Uint8Array; signature: Uint8Array } | undefined> {
  return yield* first(
    build
      .deleteFrom('one_time_kyber_prekeys')
      .where('device', '=', device)
      .where('id', '=', (lowest) =>
        lowest
          .selectFrom('one_time_kyber_prekeys')
          .where('device', '=', device)
          .select((least) => least.fn.min('id').as('id')),
      )
      .returning(['id', 'public_key as publicKey', 'signature']),
  );
}
