/** Row type of migration 0006: what the server keeps about itself. */

export interface ServerStateRow {
  /** Always 1. */
  readonly id: number;
  /** 32 bytes, random. */
  readonly receipt_key: Uint8Array;
  /** 16 random bytes, made by the last restore; `null`: never restored. With it: when that was, and when the backup was made. */
  readonly restore_epoch: Uint8Array | null;
  readonly restored_at: number | null;
  readonly backed_up_at: number | null;
}

export interface ServerTables {
  readonly server_state: ServerStateRow;
}
