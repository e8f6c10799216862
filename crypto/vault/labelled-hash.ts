/** Hashes that are bound to their purpose by a label of the table. */
import type { Bytes } from '../bytes.ts';
import { sha256 } from '../sodium.ts';
import { labelled, type Label } from './labels.ts';

/** SHA-256 over label, zero byte, bytes: 32 bytes. */
export function labelledHash(label: Label, bytes: Uint8Array): Bytes {
  return sha256(labelled(label, bytes));
}
