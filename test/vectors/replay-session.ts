/**
 * Replays a recorded conversation between this project's engine and the native library, without the native library: what
 * it wrote must open, and what this engine writes under the recorded randomness must be the recorded bytes. Runs in Node
 * and in browsers.
 */
import { fromHex, toHex } from '../../crypto/bytes.ts';
import * as ours from '../../crypto/index.ts';
import { seededRandom } from '../support/mangle.ts';
import { Party } from '../support/signal-party.ts';
import type { BundleBytes } from '../support/signal-party.ts';

/** A bundle with its byte strings in hex. */
export interface RecordedBundle {
  readonly registrationId: number;
  readonly preKey: { readonly id: number; readonly key: string } | undefined;
  readonly signedPreKeyId: number;
  readonly signedPreKey: string;
  readonly signedPreKeySignature: string;
  readonly identityKey: string;
  readonly kyberPreKeyId: number;
  readonly kyberPreKey: string;
  readonly kyberPreKeySignature: string;
}

export interface RecordedSession {
  readonly name: string;
  /** For `seededRandom`. */
  readonly seed: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly own: {
    readonly name: string;
    readonly identity: string;
    readonly registrationId: number;
    /** [id, serialised record] */
    readonly preKeys: readonly (readonly [number, string])[];
    readonly signedPreKeys: readonly (readonly [number, string])[];
    readonly kyberPreKeys: readonly (readonly [number, string])[];
  };
  readonly peerName: string;
  /** The peer's bundle where this engine begins. */
  readonly bundle: RecordedBundle | undefined;
  readonly steps: readonly {
    readonly from: 'own' | 'peer';
    readonly type: number;
    readonly bytes: string;
    readonly text: string;
  }[];
  /** This engine's stored record after the last step. */
  readonly record: string;
}

export function bundleOf(recorded: RecordedBundle): BundleBytes {
  return {
    registrationId: recorded.registrationId,
    deviceId: 1,
    preKey:
      recorded.preKey === undefined
        ? undefined
        : { id: recorded.preKey.id, key: fromHex(recorded.preKey.key) },
    signedPreKeyId: recorded.signedPreKeyId,
    signedPreKey: fromHex(recorded.signedPreKey),
    signedPreKeySignature: fromHex(recorded.signedPreKeySignature),
    identityKey: fromHex(recorded.identityKey),
    kyberPreKeyId: recorded.kyberPreKeyId,
    kyberPreKey: fromHex(recorded.kyberPreKey),
    kyberPreKeySignature: fromHex(recorded.kyberPreKeySignature),
  };
}

/** Number of steps replayed. Throws at the first that differs. */
export async function replaySession(recorded: RecordedSession): Promise<number> {
  await ours.ready({ random: seededRandom(recorded.seed), now: () => recorded.now });
  try {
    const own = new Party(ours, {
      name: recorded.own.name,
      identity: ours.IdentityKeyPair.deserialize(fromHex(recorded.own.identity)),
      registrationId: recorded.own.registrationId,
    });
    for (const [id, record] of recorded.own.preKeys) own.preKeys.set(id, fromHex(record));
    for (const [id, record] of recorded.own.signedPreKeys) own.signedPreKeys.set(id, fromHex(record));
    for (const [id, record] of recorded.own.kyberPreKeys) own.kyberPreKeys.set(id, fromHex(record));
    const peer = { address: ours.ProtocolAddress.new(recorded.peerName, 1) };
    if (recorded.bundle !== undefined) await own.start(peer, bundleOf(recorded.bundle));
    for (const [index, step] of recorded.steps.entries()) {
      const text = new TextEncoder().encode(step.text);
      if (step.from === 'own') {
        const wire = await own.encrypt(peer, text);
        if (wire.type !== step.type || toHex(wire.bytes) !== step.bytes) {
          throw new Error(`${recorded.name}: step ${index} was written differently`);
        }
      } else {
        const opened = await own.decrypt(peer, { type: step.type, bytes: fromHex(step.bytes) });
        if (toHex(opened) !== toHex(text))
          throw new Error(`${recorded.name}: step ${index} opens to another text`);
      }
    }
    if (toHex(own.record(peer).serialize()) !== recorded.record) {
      throw new Error(`${recorded.name}: the stored record differs`);
    }
    return recorded.steps.length;
  } finally {
    await ours.ready();
  }
}
