/**
 * The numbering that makes loss, reordering and forks visible: per sending device, install epoch and conversation, from 1, each frame
 * naming the salted hash of the one before. Pure steps over stored states; the caller keeps both in one transaction with the message.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { Link } from '@tacet/protocol/content/frame';
import { idBytes, idOf, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { labelledHash } from '@tacet/crypto/vault';
import { joinBytes, type OwnBytes } from '../bytes.ts';
import type { InChain, OutChain } from '../db/stores.ts';

const HASH_BYTES = 32;
/** Missing numbers remembered per chain; older ones are given up. */
const MISSING_MOST = 256;
/** Hashes kept of frames whose successor has not come. */
const HEADS_MOST = 64;

/** The hash that the next frame carries as `previous`: over the frame's own salt and bytes. */
export function hashLink(salt: Uint8Array, frame: Uint8Array): OwnBytes {
  return labelledHash('Tacet/chain-link/v1', joinBytes(salt, frame));
}

/** The next link of the own chain towards an account, without its hash. `listed`: devices of the recipient's list. */
export function nextLink(
  held: OutChain | undefined,
  epoch: Uint8Array,
  listed: readonly DeviceId[],
  incoming: readonly InChain[],
  salt: Uint8Array,
): { readonly link: Link; readonly chain: Omit<OutChain, 'previous'> } {
  const isSame = held !== undefined && equalBytes(held.epoch, epoch);
  const number = isSame ? held.number + 1 : 1;
  const starts = listed.map(
    (device) => (isSame ? held.starts : []).find((start) => start.device === device) ?? { device, number },
  );
  return {
    link: {
      epoch,
      number,
      previous: isSame ? held.previous : new Uint8Array(HASH_BYTES),
      salt,
      seen: incoming.slice(-2 * LIMITS.devicesPerAccount).map(({ device, epoch: theirs, contiguous }) => ({
        device: idBytes(device),
        epoch: theirs,
        number: contiguous,
      })),
      starts: starts
        .filter((start) => start.number > 1)
        .slice(0, LIMITS.devicesPerAccount)
        .map((start) => ({ device: idBytes(start.device), number: start.number })),
    },
    chain: { epoch, number, starts },
  };
}

/** What a received link means. */
export type LinkVerdict =
  | { readonly kind: 'next'; readonly chain: InChain }
  /** Numbers before this one have not come. `missing`: those that can be asked for. */
  | { readonly kind: 'gap'; readonly chain: InChain; readonly missing: readonly number[] }
  /** A number that was missing. */
  | { readonly kind: 'late'; readonly chain: InChain }
  /** A number that was here already. */
  | { readonly kind: 'repeated'; readonly chain: InChain }
  /** The frame names another one before it than the one that came. */
  | { readonly kind: 'fork'; readonly chain: InChain };

/** Where the numbering begins for this device. */
export interface Baseline {
  readonly device: DeviceId;
  /** Whether the sender did not know this device when it made the frame. */
  readonly unknownToSender: boolean;
}

function contiguousOf(highest: number, missing: readonly number[]): number {
  return missing.length === 0 ? highest : Math.min(...missing) - 1;
}

/** Judges a link of `device` and gives the chain's next state. */
export function judgeLink(
  held: InChain | undefined,
  device: DeviceId,
  link: Link,
  hash: OwnBytes,
  me: Baseline,
): LinkVerdict {
  const { number } = link;
  const stated = link.starts.find((start) => idOf<DeviceId>(start.device) === me.device)?.number;
  const start = Math.min(stated ?? (me.unknownToSender ? number : 1), number);
  const before: InChain = held ?? {
    device,
    epoch: link.epoch,
    contiguous: start - 1,
    highest: start - 1,
    missing: [],
    heads: start === 1 ? [{ number: 0, hash: new Uint8Array(HASH_BYTES) }] : [],
  };
  if (number <= before.highest && !before.missing.includes(number)) {
    return { kind: 'repeated', chain: before };
  }
  const named = before.heads.find((head) => head.number === number - 1);
  const heads = [...before.heads.filter((head) => head.number !== number - 1), { number, hash }].slice(
    -HEADS_MOST,
  );
  const isFork = named !== undefined && !equalBytes(named.hash, link.previous);
  if (number <= before.highest) {
    const missing = before.missing.filter((each) => each !== number);
    const chain = { ...before, missing, heads, contiguous: contiguousOf(before.highest, missing) };
    return isFork ? { kind: 'fork', chain } : { kind: 'late', chain };
  }
  const skipped: number[] = [];
  const first = Math.max(before.highest + 1, number - MISSING_MOST);
  for (let each = first; each < number; each += 1) skipped.push(each);
  const missing = [...before.missing, ...skipped].slice(-MISSING_MOST);
  const chain = { ...before, missing, heads, highest: number, contiguous: contiguousOf(number, missing) };
  if (isFork) return { kind: 'fork', chain };
  return skipped.length === 0 ? { kind: 'next', chain } : { kind: 'gap', chain, missing: skipped };
}

/** Text form of an epoch, as keys of tables use it. */
export function epochText(epoch: Uint8Array): string {
  return encodeB64u(epoch);
}
