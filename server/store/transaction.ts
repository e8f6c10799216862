/**
 * Transactions as values. A store method describes its transaction as a generator that yields one compiled statement at a time and
 * is given the answer; the engine runs it to its end, synchronously on SQLite, between awaits on PostgreSQL. So one text serves
 * both engines, no transaction is ever held across an await on SQLite, and no transaction object leaves the store.
 *
 * Rules for a transaction: it does nothing besides its statements, since after another one's failure it may be run a second time
 * from the start; it throws only when something is broken (what is expected is a return value); it never yields anything else.
 */
import type { Compilable, CompiledQuery } from 'kysely';

/** What a transaction needs of a compiled statement. `one`: only the first row is wanted. */
export interface Statement extends Pick<CompiledQuery, 'sql' | 'parameters'> {
  readonly one?: boolean;
}

/** What the engine answers to one statement: the rows read or returned, how many rows a write touched, the number of an inserted row. */
export interface Answer {
  readonly rows: readonly unknown[];
  readonly changes: number;
  readonly inserted?: number;
}

/** A transaction, or a part of one: parts are put together by `yield*`. */
export type Transaction<Result> = Generator<Statement, Result, Answer>;

/** A statement with its values, from `compileOnce`. */
export interface Filled<Row> extends Statement {
  readonly [row]?: Row;
}
declare const row: unique symbol;

/** What `all`, `first` and `run` take: a Kysely builder, or a statement compiled once and filled. */
export type Query<Row> = Compilable<Row> | Filled<Row>;

function statementOf(query: Query<unknown>): Statement {
  return 'compile' in query ? query.compile() : query;
}

/** All rows of a query. */
export function* all<Row>(query: Query<Row>): Transaction<readonly Row[]> {
  const answer = yield statementOf(query);
  return answer.rows as readonly Row[];
}

/** The first row of a query, or `undefined`. */
export function* first<Row>(query: Query<Row>): Transaction<Row | undefined> {
  const { sql, parameters } = statementOf(query);
  const answer = yield { sql, parameters, one: true };
  return answer.rows[0] as Row | undefined;
}

/** Runs a statement that returns no rows; gives the number of rows that it touched. */
export function* run(query: Query<unknown>): Transaction<number> {
  const answer = yield statementOf(query);
  return answer.changes;
}

/** Inserts a row whose primary key the engine numbers; gives the number, or `undefined` when a conflict kept the row out. */
export function* insertNumbered(query: Query<unknown>): Transaction<number | undefined> {
  const answer = yield statementOf(query);
  const [returned] = answer.rows as readonly { readonly number: number }[];
  if (returned !== undefined) return returned.number;
  return answer.changes === 0 ? undefined : answer.inserted;
}

/** Stands for a value of a statement that is compiled before its values are known. */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Compiles a statement once; the returned function only fills in values. For the few statements that every message runs (building
 * with Kysely costs 20 to 30 microseconds each time). `build` is given an object whose properties stand for the values, and puts
 * them where the values go.
 */
export function compileOnce<Values extends object, Row>(
  build: (values: Values) => Compilable<Row>,
): (values: Values) => Filled<Row> {
  let sql: string | undefined;
  let constants: readonly unknown[] = [];
  let names: readonly (keyof Values | undefined)[] = [];
  return (values) => {
    if (sql === undefined) {
      const slots = new Proxy({}, { get: (_, name) => new Slot(String(name)) }) as Values;
      const compiled = build(slots).compile();
      constants = compiled.parameters;
      names = constants.map((value) => (value instanceof Slot ? (value.name as keyof Values) : undefined));
      sql = compiled.sql;
    }
    const parameters: unknown[] = [];
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      parameters.push(name === undefined ? constants[i] : values[name]);
    }
    return { sql, parameters };
  };
}
