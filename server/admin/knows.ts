/**
 * `knows`: every stored byte about one account, in words, by the table in known.ts. It reads the database beside a running server or
 * without one, in one transaction, and changes nothing. What is sealed is shown by its length: nobody here can say more of it.
 */
import { existsSync } from 'node:fs';
import type { TSchema } from 'typebox';
import Sqlite, { type Database as SqliteDatabase } from 'better-sqlite3';
import { encodeB64u } from '@tacet/protocol/bytes';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import type { SignedShape } from '@tacet/protocol/signed/signed';
import { signedDeparture, signedStatement } from '@tacet/protocol/signed/statement';
import { databasePath } from '../store/database-file.ts';
import { printable } from './printable.ts';
import { IN_MEMORY, STORED, type Form, type KnownTable, type RowsOf } from './known.ts';

/** What is known, line by line, or why nothing is said. `other-schema`: the database is not of this version. */
export type Knowledge =
  | { readonly kind: 'known'; readonly lines: readonly string[] }
  | { readonly kind: 'unknown-name' | 'no-database' }
  | { readonly kind: 'other-schema'; readonly differs: string };

/** What may stand in a row. */
type Value = string | number | bigint | Uint8Array | null;
type Row = Readonly<Record<string, Value>>;

/** How long a writer is waited for. */
const BUSY_TIMEOUT_MS = 5_000;
/** Values in the clear that are longer are shown by their beginning, unless all is asked for. */
const SHORT_BYTES = 66;

const DEVICES = 'select id from devices where account = @account';
const WHERE: Readonly<Record<RowsOf, string>> = {
  own: 'id = @account',
  account: 'account = @account',
  device: `device in (${DEVICES})`,
  queue: `queue in (select number from queues where device in (${DEVICES}))`,
  server: '@account is not null',
};

/** What is stored about the account of that name. `whole`: long public values are not cut. */
export function knowledgeOf(dataDir: string, username: string, whole: boolean): Knowledge {
  const path = databasePath(dataDir);
  if (!existsSync(path)) return { kind: 'no-database' };
  // Not opened read-only: such a connection leaves files behind when it is the last one. It is kept from writing instead.
  const database = new Sqlite(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma('query_only = ON');
    return database.transaction(() => read(database, username, whole))();
  } finally {
    database.close();
  }
}

function read(database: SqliteDatabase, username: string, whole: boolean): Knowledge {
  const differs = differenceOf(database);
  if (differs !== undefined) return { kind: 'other-schema', differs: printable(differs) };
  const account = database
    .prepare<[string], { readonly id: Uint8Array }>('select id from accounts where username = ?')
    .get(username)?.id;
  if (account === undefined) return { kind: 'unknown-name' };
  const stored = Object.entries(STORED).flatMap(([name, table]) => {
    const rows = database
      .prepare<{ account: Uint8Array }, Row>(`select * from ${name} where ${WHERE[table.rows]}`)
      .all({ account });
    return [
      '',
      `${name}: ${rows.length === 1 ? '1 row' : `${rows.length} rows`}`,
      ...linesOf(rows, table, whole),
    ];
  });
  const memory = IN_MEMORY.map(({ what, until }) => `  ${what}; until ${until}`);
  return {
    kind: 'known',
    lines: [
      'Stored about this account:',
      ...stored,
      '',
      'While it runs, the server may besides hold in memory, where this command does not look:',
      ...memory,
      '',
      'What was deleted may stand in freed pages of the database file until they are used again.',
    ],
  };
}

/** The first table or column that the database has and the table has not, or the other way round. */
function differenceOf(database: SqliteDatabase): string | undefined {
  const there = database
    .prepare<[], { readonly name: string }>(
      `select m.name || '.' || c.name as name from sqlite_schema as m, pragma_table_info(m.name) as c
       where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' and m.name not like 'kysely\\_%' escape '\\'`,
    )
    .all()
    .map(({ name }) => name);
  const known = Object.entries(STORED).flatMap(([name, table]) =>
    Object.keys(table.columns).map((column) => `${name}.${column}`),
  );
  const unknown = there.find((column) => !known.includes(column));
  return unknown ?? known.find((column) => !there.includes(column));
}

function linesOf(rows: readonly Row[], table: KnownTable, whole: boolean): readonly string[] {
  const columns = Object.entries(table.columns);
  const meanings = rows.length === 0 ? [] : columns.map(([name, [, meaning]]) => `  ${name}: ${meaning}`);
  const values = rows.flatMap((row, i) => [
    rows.length === 1 ? '  it says:' : `  row ${i + 1} says:`,
    ...columns.map(([name, [form]]) => `    ${name} = ${inWords(row[name] ?? null, form, whole)}`),
  ]);
  return [...meanings, ...values];
}

/** A value in words. */
function inWords(value: Value, form: Form, whole: boolean): string {
  if (value === null) return 'nothing';
  switch (form) {
    case 'clear':
      return inClear(value, whole);
    case 'hash':
      return `hash ${inClear(value, whole)}`;
    case 'secret':
      return value instanceof Uint8Array ? `a secret, ${value.length} bytes` : 'a secret';
    case 'sealed':
      return value instanceof Uint8Array ? `sealed, ${value.length} bytes` : 'sealed';
    case 'time':
      return timeOf(value);
    case 'flag':
      return value === 1 ? 'yes' : 'no';
    case 'list':
      return inSigned(value, whole, signedDeviceList);
    case 'statement':
      return inSigned(value, whole, signedStatement);
    case 'departure':
      return inSigned(value, whole, signedDeparture);
  }
}

function inClear(value: Exclude<Value, null>, whole: boolean): string {
  if (!(value instanceof Uint8Array)) return printable(String(value));
  if (whole || value.length <= SHORT_BYTES) return encodeB64u(value);
  return `${value.length} bytes, ${encodeB64u(value.subarray(0, SHORT_BYTES))}…`;
}

function timeOf(value: Exclude<Value, null>): string {
  const at = new Date(Number(value));
  return Number.isNaN(at.getTime()) ? printable(String(value)) : at.toISOString();
}

/** What a signed structure says; as bytes where it is none, since the server takes statements and notices unread. */
function inSigned(
  value: Exclude<Value, null>,
  whole: boolean,
  shape: Pick<SignedShape<TSchema>, 'parse'>,
): string {
  if (!(value instanceof Uint8Array)) return printable(String(value));
  try {
    const said = JSON.stringify(shape.parse(value), (key, part: unknown) => {
      if (part instanceof Uint8Array) return encodeB64u(part);
      return key.endsWith('At') && typeof part === 'number' ? timeOf(part) : part;
    });
    return `${value.length} bytes that say ${printable(said)}`;
  } catch {
    return inClear(value, whole);
  }
}
