/**
 * The measured work, the same for every engine and place: stores keep serialised records, as a real client's do.
 * Each function runs for about the given time and returns its rate or duration.
 */
import type { Fingerprint } from '../../crypto/fingerprint.ts';
import { Party } from '../../test/support/signal-party.ts';
import type { BundleBytes, Library } from '../../test/support/signal-party.ts';

/** What a round measures. */
export const tasks = ['pingpong', 'burst', 'session_start', 'fingerprint'] as const;
export type Task = (typeof tasks)[number];

export type BenchLibrary = Library & { readonly Fingerprint: typeof Fingerprint };

const BODY = new Uint8Array(200).fill(7);
const BURST = 50;

/** Conversations live as long as the engine's place, so that rounds measure a warm engine in mid-conversation. */
export interface Bench {
  readonly run: (task: Task, durationMs: number) => Promise<number>;
}

async function makePair(library: Library): Promise<readonly [Party, Party]> {
  const alice = new Party(library);
  const bob = new Party(library);
  await alice.processBundle(bob);
  await bob.decrypt(alice, await alice.encrypt(bob, BODY));
  await alice.decrypt(bob, await bob.encrypt(alice, BODY));
  return [alice, bob];
}

/** Repeats `step`, which does `unit` pieces of work, and returns pieces per second. */
async function rate(durationMs: number, unit: number, step: () => Promise<void>): Promise<number> {
  const started = performance.now();
  let [done, elapsed] = [0, 0];
  while (elapsed < durationMs) {
    await step();
    done += unit;
    elapsed = performance.now() - started;
  }
  return (done / elapsed) * 1000;
}

export async function openBench(library: BenchLibrary): Promise<Bench> {
  const [alice, bob] = await makePair(library);
  const [carol, dave] = await makePair(library);

  async function pingpong(durationMs: number): Promise<number> {
    return rate(durationMs, 2, async () => {
      await bob.decrypt(alice, await alice.encrypt(bob, BODY));
      await alice.decrypt(bob, await bob.encrypt(alice, BODY));
    });
  }

  async function burst(durationMs: number): Promise<number> {
    let [from, to] = [carol, dave];
    return rate(durationMs, BURST, async () => {
      const wires = [];
      for (let i = 0; i < BURST; i += 1) wires.push(await from.encrypt(to, BODY));
      for (const wire of wires) await to.decrypt(from, wire);
      [from, to] = [to, from];
    });
  }

  /** Bundles are made beforehand: they are the peer's work. */
  async function sessionStart(durationMs: number): Promise<number> {
    const count = Math.max(8, Math.ceil(durationMs / 8));
    const peers: (readonly [Party, BundleBytes])[] = [];
    const peer = new Party(library);
    for (let i = 0; i < count; i += 1) peers.push([peer, peer.makeBundle()]);
    const own = new Party(library);
    const started = performance.now();
    for (const [to, bundle] of peers) {
      own.sessions.clear();
      await own.processBundle(to, bundle);
      await own.encrypt(to, BODY);
    }
    return (count / (performance.now() - started)) * 1000;
  }

  /** Milliseconds for one safety number, both halves, at Signal's 5200 iterations. */
  async function fingerprint(durationMs: number): Promise<number> {
    const id = new Uint8Array(16);
    const perSecond = await rate(durationMs, 1, async () => {
      library.Fingerprint.new(5200, 2, id, alice.identity.publicKey, id, bob.identity.publicKey)
        .displayableFingerprint()
        .toString();
    });
    return 1000 / perSecond;
  }

  const work = { pingpong, burst, session_start: sessionStart, fingerprint } as const;
  return { run: (task, durationMs) => work[task](durationMs) };
}
