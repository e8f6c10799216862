/**
 * Records session.json: conversations of this engine, under seeded randomness, with the native library 0.103.0. Run by
 * hand (`node test/vectors/record-session-vectors.ts`) only when a format gets a new version: recorded vectors are never
 * recorded anew to make a test pass.
 */
import { writeFileSync } from 'node:fs';
import { toHex } from '../../crypto/bytes.ts';
import * as ours from '../../crypto/index.ts';
import { seededRandom } from '../support/mangle.ts';
import { Seeded } from '../support/schedule.ts';
import { libraries } from '../support/signal-engines.ts';
import { Party } from '../support/signal-party.ts';
import { bundleOf } from './replay-session.ts';
import type { RecordedBundle, RecordedSession } from './replay-session.ts';

const NOW = Date.UTC(2026, 0, 15);

function hexRecords(records: ReadonlyMap<number, Uint8Array>): [number, string][] {
  return [...records].map(([id, record]) => [id, toHex(record)]);
}

function hexBundle(party: Party, withOneTimePreKey: boolean): RecordedBundle {
  const bundle = party.makeBundle(withOneTimePreKey);
  return {
    registrationId: bundle.registrationId,
    preKey: bundle.preKey === undefined ? undefined : { id: bundle.preKey.id, key: toHex(bundle.preKey.key) },
    signedPreKeyId: bundle.signedPreKeyId,
    signedPreKey: toHex(bundle.signedPreKey),
    signedPreKeySignature: toHex(bundle.signedPreKeySignature),
    identityKey: toHex(bundle.identityKey),
    kyberPreKeyId: bundle.kyberPreKeyId,
    kyberPreKey: toHex(bundle.kyberPreKey),
    kyberPreKeySignature: toHex(bundle.kyberPreKeySignature),
  };
}

async function record(
  name: string,
  ownBegins: boolean,
  withOneTimePreKey: boolean,
  seed: number,
  count: number,
): Promise<RecordedSession> {
  await ours.ready();
  const own = new Party(ours);
  const peer = new Party(libraries.native);
  const ownBundle = own.makeBundle(withOneTimePreKey);
  const bundle = ownBegins ? hexBundle(peer, withOneTimePreKey) : undefined;
  const keys = {
    name: own.address.name(),
    identity: toHex(own.identity.serialize()),
    registrationId: own.registrationId,
    preKeys: hexRecords(own.preKeys),
    signedPreKeys: hexRecords(own.signedPreKeys),
    kyberPreKeys: hexRecords(own.kyberPreKeys),
  };
  await ours.ready({ random: seededRandom(seed), now: () => NOW });
  if (bundle === undefined) await peer.processBundle(own, ownBundle);
  else await own.start(peer, bundleOf(bundle));
  const schedule = new Seeded(seed);
  const steps: RecordedSession['steps'][number][] = [];
  let ownWrites = ownBegins;
  for (let i = 0; i < count; i += 1) {
    const [from, to] = ownWrites ? [own, peer] : [peer, own];
    const text = `message ${i}`;
    const wire = await from.encrypt(to, new TextEncoder().encode(text));
    if (toHex(await to.decrypt(from, wire)) !== toHex(new TextEncoder().encode(text))) throw new Error(name);
    steps.push({ from: ownWrites ? 'own' : 'peer', type: wire.type, bytes: toHex(wire.bytes), text });
    if (schedule.chance(0.9)) ownWrites = !ownWrites;
  }
  return {
    name,
    seed,
    now: NOW,
    own: keys,
    peerName: peer.address.name(),
    bundle,
    steps,
    record: toHex(own.record(peer).serialize()),
  };
}

const sessions = [
  await record('this engine begins, with a one-time prekey, two epochs', true, true, 1, 120),
  await record('this engine begins, without a one-time prekey', true, false, 2, 12),
  await record('native begins, with a one-time prekey, two epochs', false, true, 3, 120),
  await record('native begins, without a one-time prekey', false, false, 4, 12),
];
const origin = 'recorded from this engine under seeded randomness with @signalapp/libsignal-client 0.103.0';
writeFileSync(new URL('session.json', import.meta.url), `${JSON.stringify({ origin, sessions })}\n`);
