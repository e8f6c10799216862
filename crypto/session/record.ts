/**
 * All sessions with one address: the current one and up to `MAX_ARCHIVED_SESSIONS` earlier ones, newest first. The
 * stored form, version 1 (own format, one engine's own; integers big-endian):
 *
 * ```
 * version 1 | length 4 (0: no current session) | current session | number of archived sessions 1
 * | each: length 4 | session
 * ```
 *
 * Sessions are parsed when they are used and not before: archived ones stay byte strings for their whole life.
 */
import { be32, concat, equalBytes } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { MAX_ARCHIVED_SESSIONS, UNACKNOWLEDGED_SESSION_MAX_AGE_MS } from '../consts.ts';
import type { PublicKey } from '../ec.ts';
import { now as present } from '../clock.ts';
import { CryptoError } from '../errors.ts';
import { RecordReader } from '../record-bytes.ts';
import { baseKeyOf, decodeSessionState, encodeSessionState } from './state.ts';
import type { SessionState } from './state.ts';

const RECORD_VERSION = 1;

/** Whether a session may be sent on: the peer has answered, or it is not too old. `nowMs` since 1970. */
export function isUsableForSending(state: SessionState, nowMs: number): boolean {
  return state.pending === undefined || state.pending.createdAt + UNACKNOWLEDGED_SESSION_MAX_AGE_MS >= nowMs;
}

/** libsignal's session record. Operations of this room never change one, they make another; only `archiveCurrentState` does. */
export class SessionRecord {
  /** Either form of the current session, the other made when it is asked for. */
  #state: SessionState | undefined;
  #encoded: Uint8Array | undefined;
  #archived: readonly Uint8Array[];

  private constructor(
    state: SessionState | undefined,
    encoded: Uint8Array | undefined,
    archived: readonly Uint8Array[],
  ) {
    this.#state = state;
    this.#encoded = encoded;
    this.#archived = archived;
  }

  /** Without any session. */
  static _empty(): SessionRecord {
    return new SessionRecord(undefined, undefined, []);
  }

  /** Reads a copy of the stored form (a Buffer's own `slice` would be a view). Throws `bad-state` (InvalidSession). */
  static deserialize(bytes: Uint8Array): SessionRecord {
    const reader = new RecordReader(new Uint8Array(bytes));
    if (reader.byte() !== RECORD_VERSION)
      throw new CryptoError('bad-state', 'unknown version of session record');
    const current = reader.string();
    const count = reader.byte();
    if (count > MAX_ARCHIVED_SESSIONS) throw new CryptoError('bad-state', 'too many archived sessions');
    const archived: Uint8Array[] = [];
    for (let i = 0; i < count; i += 1) archived.push(reader.string());
    reader.end();
    const record = new SessionRecord(undefined, current.length === 0 ? undefined : current, archived);
    record._current();
    return record;
  }

  serialize(): Bytes {
    const current = this.#currentEncoded();
    return concat(
      Uint8Array.of(RECORD_VERSION),
      be32(current?.length ?? 0),
      ...(current === undefined ? [] : [current]),
      Uint8Array.of(this.#archived.length),
      ...this.#archived.flatMap((session) => [be32(session.length), session]),
    );
  }

  /** Ends the current session: the next message needs a fresh bundle. It stays good for messages under way. */
  archiveCurrentState(): void {
    this.#archived = this.#archivedWithCurrent();
    this.#state = undefined;
    this.#encoded = undefined;
  }

  localRegistrationId(): number {
    return this.#required('SessionRecord_GetLocalRegistrationId').localRegistrationId;
  }

  remoteRegistrationId(): number {
    return this.#required('SessionRecord_GetRemoteRegistrationId').remoteRegistrationId;
  }

  /** Whether there is a current session that may be sent on. */
  hasCurrentState(now?: Date): boolean {
    const state = this._current();
    return state !== undefined && isUsableForSending(state, now?.getTime() ?? present());
  }

  /** Whether the key is the own current ratchet key: a retry request that names it concerns this session. */
  currentRatchetKeyMatches(key: PublicKey): boolean {
    const state = this._current();
    return state !== undefined && equalBytes(state.ratchet.double.sender.ratchetKey, key._wire);
  }

  /** The current session. Throws `bad-state` when its stored form cannot be read. */
  _current(): SessionState | undefined {
    if (this.#state === undefined && this.#encoded !== undefined) {
      this.#state = decodeSessionState(this.#encoded);
    }
    return this.#state;
  }

  /** Stored forms of the earlier sessions, newest first. */
  _archived(): readonly Uint8Array[] {
    return this.#archived;
  }

  /** The same record with its current session moved on. */
  _withCurrent(state: SessionState): SessionRecord {
    return new SessionRecord(state, undefined, this.#archived);
  }

  /** A record whose current session is a new one; the present one is archived. */
  _withNew(state: SessionState): SessionRecord {
    return new SessionRecord(state, undefined, this.#archivedWithCurrent());
  }

  /** A record in which the archived session at `index` has become current, as `state`. */
  _promoted(index: number, state: SessionState): SessionRecord {
    const others = this.#archived.filter((_, at) => at !== index);
    const current = this.#currentEncoded();
    return new SessionRecord(state, undefined, current === undefined ? others : [current, ...others]);
  }

  /** Where the session of a handshake is: `'current'`, an index into the archive, or `undefined`. */
  _find(baseKey: Uint8Array): 'current' | number | undefined {
    const state = this._current();
    if (state !== undefined && equalBytes(state.baseKey, baseKey)) return 'current';
    const index = this.#archived.findIndex((session) => equalBytes(baseKeyOf(session), baseKey));
    return index < 0 ? undefined : index;
  }

  #currentEncoded(): Uint8Array | undefined {
    if (this.#encoded === undefined && this.#state !== undefined) {
      this.#encoded = encodeSessionState(this.#state);
    }
    return this.#encoded;
  }

  #archivedWithCurrent(): readonly Uint8Array[] {
    const current = this.#currentEncoded();
    return current === undefined
      ? this.#archived
      : [current, ...this.#archived].slice(0, MAX_ARCHIVED_SESSIONS);
  }

  #required(operation: string): SessionState {
    const state = this._current();
    if (state === undefined) throw new CryptoError('no-session', 'session not found', { operation });
    return state;
  }
}
