/** What an earlier build left on disk, as `test/vectors` keeps it. */
import { createPrivateKey } from 'node:crypto';
import type { DbKey } from '@tacet/client/core/ports';
import { Disk, storeOf } from './node-ports.ts';

type Recorded = null | string | number | boolean | { readonly b: string } | readonly Recorded[];

/** A browser profile: base64url of the keys, rows of each store. */
export interface RecordedProfile {
  readonly wrapKey: string;
  /** PKCS #8. */
  readonly sessionKey?: string;
  readonly stores: Readonly<Record<string, readonly (readonly [Recorded, Recorded])[]>>;
}

function fromJson(value: Recorded): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  return new Uint8Array(Buffer.from((value as { readonly b: string }).b, 'base64url'));
}

/** The profile on a disk of its own, whose database has this version. */
export function diskOf({ wrapKey, sessionKey, stores }: RecordedProfile, version: number): Disk {
  const disk = new Disk();
  disk.wrapKey = Buffer.from(wrapKey, 'base64url');
  if (sessionKey !== undefined) {
    const key = Buffer.from(sessionKey, 'base64url');
    disk.sessionKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  }
  disk.versions.set('tacet', version);
  disk.databases.set(
    'tacet',
    new Map(
      Object.entries(stores).map(([name, rows]) => [
        name,
        storeOf(rows.map(([key, value]) => ({ key: fromJson(key) as DbKey, value: fromJson(value) }))),
      ]),
    ),
  );
  return disk;
}
