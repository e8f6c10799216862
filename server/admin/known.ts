/**
 * What this server knows: every column of the database and everything that it keeps in memory, in words. This is the one table: the command
 * `knows` prints an account by it, SECURITY.md shows it, and tests hold both against it and it against a migrated database. A column
 * without a line here does not compile, and fails those tests.
 */
import type { Tables } from '../store/tables.ts';

/**
 * How a value is shown. `clear`: as it is, bytes in base64url. `time`: milliseconds UTC. `flag`: 0 or 1. `hash`: as it is, and called one.
 * `secret`: its length alone, since it is the server's own. `sealed`: its length alone, since a client encrypted it under a key that the server never has. The others: signed structures, read out.
 */
export type Form =
  'clear' | 'time' | 'flag' | 'hash' | 'secret' | 'sealed' | 'list' | 'statement' | 'departure';

/** A column: its form and its meaning. */
export type Known = readonly [form: Form, meaning: string];

/** By which column a row belongs to an account: its own id, `account`, a device of it, or a queue of such a device; `server`: to none. */
export type RowsOf = 'own' | 'account' | 'device' | 'queue' | 'server';

/** A table: whose its rows are, and what its columns say. */
export interface KnownTable<Column extends string = string> {
  readonly rows: RowsOf;
  readonly columns: Readonly<Record<Column, Known>>;
}

/** Every table and column of the database. */
export const STORED: { readonly [Table in keyof Tables]: KnownTable<keyof Tables[Table] & string> } = {
  accounts: {
    rows: 'own',
    columns: {
      id: ['clear', 'the account, a random number'],
      username: ['clear', 'the name that its owner chose'],
      account_key: ['clear', "public key that signs the account's device list"],
      administrator: ['flag', 'whether the account came in by the first invite'],
      delivery_key_hash: ['hash', 'hash of the key that lets contacts send without saying who they are'],
      list: ['list', "the signed list of the account's devices: ids, public keys, times they were added"],
      list_signature: ['clear', 'its signature'],
      list_counter: ['clear', 'how often the list has changed'],
      list_hash: ['hash', 'hash of the list'],
    },
  },
  credentials: {
    rows: 'account',
    columns: {
      account: ['clear', 'whose they are'],
      version: ['clear', 'how often they have changed'],
      login_key: ['clear', 'public key that a login signature is checked with'],
      vault: ['sealed', 'sealed: account key and record key'],
    },
  },
  wraps: {
    rows: 'account',
    columns: {
      account: ['clear', 'whose it is'],
      position: ['clear', "its place among the account's wraps"],
      way: ['clear', 'passphrase or passkey'],
      sealed: ['sealed', "sealed: the vault's key"],
    },
  },
  records: {
    rows: 'account',
    columns: {
      account: ['clear', 'whose it is'],
      version: ['clear', 'how often it has changed'],
      sealed: ['sealed', 'sealed and padded: contacts, verification, settings'],
    },
  },
  profiles: {
    rows: 'account',
    columns: {
      account: ['clear', 'whose it is'],
      version: ['clear', 'how often it has changed'],
      sealed: ['sealed', 'sealed and padded: displayed name, picture'],
    },
  },
  sessions: {
    rows: 'account',
    columns: {
      device: ['clear', 'the device that is signed in'],
      account: ['clear', 'whose it is'],
      session_key: ['clear', 'public key whose signature renews the session, which lasts until it is ended'],
      refresh_hash: ['hash', 'hash of the cookie in force, which renews nothing by itself'],
      refresh_until: ['time', 'for how long a session that waits to be put on the list is kept'],
      previous_hash: [
        'hash',
        'hash of the cookie before it: whoever shows that one without the signature ends the session',
      ],
      pending: ['flag', 'whether the device still waits to be put on the list'],
    },
  },
  invites: {
    rows: 'account',
    columns: {
      code: ['clear', 'the code of an open invite'],
      account: ['clear', 'who made it; nobody for the first one'],
      uses_left: ['clear', 'how often it can still be used'],
      expires_at: ['time', 'until when it is good'],
    },
  },
  devices: {
    rows: 'account',
    columns: {
      id: ['clear', 'the device, a random number'],
      account: ['clear', 'whose it is'],
      start_counter: [
        'clear',
        'how often the device has connected, by its own count: what it tells grows with each connection',
      ],
      signed_id: ['clear', 'number of its signed prekey'],
      signed_key: ['clear', 'public signed prekey'],
      signed_signature: ['clear', 'its signature'],
      last_resort_id: ['clear', 'number of its last-resort Kyber prekey'],
      last_resort_key: ['clear', 'public last-resort Kyber prekey'],
      last_resort_signature: ['clear', 'its signature'],
      statement: ['statement', "the device's signed statement: list it knew, capabilities, prekeys, time"],
      statement_signature: ['clear', 'its signature'],
    },
  },
  departures: {
    rows: 'account',
    columns: {
      device: ['clear', 'a device that has signed out'],
      account: ['clear', 'whose it was'],
      notice: ['departure', 'its signed notice, shown to contacts until the list changes'],
      signature: ['clear', "the notice's signature"],
    },
  },
  resets: {
    rows: 'account',
    columns: {
      account: ['clear', 'whose passphrase that device says is lost'],
      device: ['clear', 'the device that said so; the row goes with it'],
      due_at: ['time', 'from when it may put new keys in force, for 14 days'],
    },
  },
  one_time_prekeys: {
    rows: 'device',
    columns: {
      device: ['clear', 'whose prekey it is'],
      id: ['clear', 'its number'],
      public_key: ['clear', 'public one-time prekey, deleted as it is handed out'],
    },
  },
  one_time_kyber_prekeys: {
    rows: 'device',
    columns: {
      device: ['clear', 'whose prekey it is'],
      id: ['clear', 'its number'],
      public_key: ['clear', 'public one-time Kyber prekey, deleted as it is handed out'],
      signature: ['clear', 'its signature'],
    },
  },
  queues: {
    rows: 'device',
    columns: {
      number: ['clear', "a device's queue"],
      device: ['clear', 'whose queue it is'],
    },
  },
  envelopes: {
    rows: 'queue',
    columns: {
      number: ['clear', 'its place in the order of all that was ever queued here'],
      queue: ['clear', 'where it waits'],
      id: ['clear', 'a random number that the sender chose, to recognise a repeat'],
      received_at: ['time', 'when it came'],
      stranger: ['flag', 'whether it came as an introduction'],
      body: [
        'sealed',
        'sealed and padded: the message, and inside it who sent it; deleted when the device acknowledges it',
      ],
    },
  },
  server_state: {
    rows: 'server',
    columns: {
      id: ['clear', 'always 1'],
      receipt_key: ['secret', 'random secret of the server, for receipts of what it accepts'],
      restore_epoch: ['clear', 'random number of the last restore from a backup, if there was one'],
      restored_at: ['time', 'when that was'],
      backed_up_at: ['time', 'when that backup was made'],
      clock_at: ['time', 'what the clock said when the server last looked at it, once an hour'],
      clock_held_ms: ['clear', 'for how long the server has run since its clock was found set, if it was'],
    },
  },
  deleted_accounts: {
    rows: 'server',
    columns: {
      hash: ['hash', 'hash of the number of an account that was deleted, so that no backup brings it back'],
    },
  },
};

/** What a running server keeps in memory and nowhere else: what, of whom, and for how long. */
export const IN_MEMORY: readonly { readonly what: string; readonly until: string }[] = [
  { what: 'which devices are connected, and from which address', until: 'the connection ends' },
  { what: 'how many connections an address has', until: 'the last of them ends' },
  {
    what: 'access tokens as hashes, with account and device',
    until: '15 minutes after they were given; four of a device at most',
  },
  { what: 'challenges that were signed, which name nobody', until: 'two minutes after that' },
  {
    what: 'how much an account or a device has asked for of late, to limit it',
    until: 'as much may be asked for again',
  },
  {
    what: 'the same for addresses and names that are tried, under a hash whose key is made anew every day',
    until: 'as much may be asked for again',
  },
  {
    what: 'of accounts that were written to: device list, hash of the delivery key',
    until: 'the account changes, or newer ones take the place',
  },
  {
    what: 'the delivery key that was presented for such an account: a running server can send in the place of anybody who has one, but cannot write a message that opens',
    until: 'the account changes, or newer ones take the place',
  },
  {
    what: 'how many envelopes wait in a queue, how large they are, how many came from strangers, and the newest number',
    until: 'the device goes, or too many queues are remembered',
  },
  {
    what: 'envelopes that are being stored or delivered, sealed as in the database',
    until: 'they are stored and delivered',
  },
  {
    what: 'of calls that go through this server: a number for the room and a hash of its key, random numbers for those in it, the addresses that their media comes from, and what is sealed among them: joins, labels, messages',
    until: 'they leave, or are gone for 30 seconds; what is of the room, a minute after the last of them',
  },
];
