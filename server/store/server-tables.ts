/** Row types of migrations 0006 to 0008: what the server keeps about itself. */

export interface ServerStateRow {
  /** Always 1. */
  readonly id: number;
  /** 32 bytes, random. */
  readonly receipt_key: Uint8Array;
  /** 16 random bytes, made by the last restore; `null`: never restored. With it: when that was, and when the backup was made. */
  readonly restore_epoch: Uint8Array | null;
  readonly restored_at: number | null;
  readonly backed_up_at: number | null;
  /** What the clock said when it was last looked at; `null`: never yet. */
  readonly clock_at: number | null;
  /** How long the server has run since the clock was found set; `null`: it is believed. */
  readonly clock_held_ms: number | null;
}

export interface DeletedAccountRow {
  /** SHA-256 over a label and the id of an account that was deleted. */
  readonly hash: Uint8Array;
}

export interface ServerTables {
  readonly server_state: ServerStateRow;
  readonly deleted_accounts: DeletedAccountRow;
}
