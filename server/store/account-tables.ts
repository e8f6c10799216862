/** Row types of migrations 0001, 0002 and 0005: accounts, their sessions and invites, devices and prekeys. */

type Bytes = Uint8Array;

export interface AccountRow {
  readonly id: Bytes;
  readonly username: string;
  readonly account_key: Bytes;
  readonly administrator: number;
  readonly delivery_key_hash: Bytes;
  /** The signed device list in force, its signature, counter and SHA-256. */
  readonly list: Bytes;
  readonly list_signature: Bytes;
  readonly list_counter: number;
  readonly list_hash: Bytes;
}

export interface CredentialsRow {
  readonly account: Bytes;
  readonly version: number;
  readonly login_key: Bytes;
  readonly vault: Bytes;
}

export interface WrapRow {
  readonly account: Bytes;
  /** Place in the list that the owner gave. */
  readonly position: number;
  readonly way: string;
  readonly sealed: Bytes;
}

/** A versioned ciphertext: the account record, the profile. */
export interface VersionedRow {
  readonly account: Bytes;
  readonly version: number;
  readonly sealed: Bytes;
}

export interface SessionRow {
  readonly device: Bytes;
  readonly account: Bytes;
  readonly session_key: Bytes;
  /** SHA-256 of the refresh token in force, and when it ends. */
  readonly refresh_hash: Bytes;
  readonly refresh_until: number;
  /** SHA-256 of the refresh token before it: whoever presents that one without a valid signature ends the session. */
  readonly previous_hash: Bytes | null;
  /** 1: the list does not name the device yet. */
  readonly pending: number;
}

export interface InviteRow {
  readonly code: Bytes;
  /** `null`: the first invite of this server. */
  readonly account: Bytes | null;
  readonly uses_left: number;
  readonly expires_at: number | null;
}

/** A device that the list names and that has not departed. */
export interface DeviceRow {
  readonly id: Bytes;
  readonly account: Bytes;
  /** The highest start counter that the device ever told. */
  readonly start_counter: number;
  readonly signed_id: number;
  readonly signed_key: Bytes;
  readonly signed_signature: Bytes;
  readonly last_resort_id: number;
  readonly last_resort_key: Bytes;
  readonly last_resort_signature: Bytes;
  readonly statement: Bytes;
  readonly statement_signature: Bytes;
}

/** A device's notice that it has left, served until a list without it takes force. */
export interface DepartureRow {
  readonly device: Bytes;
  readonly account: Bytes;
  readonly notice: Bytes;
  readonly signature: Bytes;
}

export interface OneTimePrekeyRow {
  readonly device: Bytes;
  readonly id: number;
  readonly public_key: Bytes;
}

export interface OneTimeKyberPrekeyRow extends OneTimePrekeyRow {
  readonly signature: Bytes;
}

export interface ResetRow {
  /** Who announced it and may finish it. */
  readonly device: Bytes;
  readonly account: Bytes;
  readonly due_at: number;
}

export interface AccountTables {
  readonly accounts: AccountRow;
  readonly credentials: CredentialsRow;
  readonly wraps: WrapRow;
  readonly records: VersionedRow;
  readonly profiles: VersionedRow;
  readonly sessions: SessionRow;
  readonly invites: InviteRow;
  readonly devices: DeviceRow;
  readonly departures: DepartureRow;
  readonly resets: ResetRow;
  readonly one_time_prekeys: OneTimePrekeyRow;
  readonly one_time_kyber_prekeys: OneTimeKyberPrekeyRow;
}
