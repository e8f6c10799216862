/**
 * The numbering that makes loss, reordering and forks visible: per sending device, install epoch and conversation, from 1, each frame
 * naming the salted hash of the one before. Pure steps over stored states; the caller keeps both in one transaction with the message.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { Ended, Link } from '@tacet/protocol/content/frame';
import { idBytes, idOf, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { labelledHash } from '@tacet/crypto/vault';
import { joinBytes, type OwnBytes } from '../bytes.ts';
import type { InChain, OutChain } from '../db/stored-sending.ts';

const HASH_BYTES = 32;
/** Missing numbers remembered per chain; of older ones only the count is kept. */
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
  const before = isSame || held === undefined ? held?.before : endOf(held);
  return {
    link: {
      epoch,
      number,
      previous: isSame ? held.previous : new Uint8Array(HASH_BYTES),
      salt,
      seen: newestOf(incoming).map(({ device, epoch: theirs, contiguous }) => ({
        device: idBytes(device),
        epoch: theirs,
        number: contiguous,
      })),
      starts: starts
        .filter((start) => start.number > 1)
        .slice(0, LIMITS.devicesPerAccount)
        .map((start) => ({ device: idBytes(start.device), number: start.number })),
      ...(before === undefined ? {} : { before: toldEnd(before, listed) }),
    },
    chain: { epoch, number, starts, ...(before === undefined ? {} : { before }) },
  };
}

/** What the next epoch keeps of a numbering. */
function endOf({ epoch, number, starts }: OutChain): NonNullable<OutChain['before']> {
  return { epoch, number, starts: starts.map(({ device, number: first }) => ({ device, number: first })) };
}

function toldEnd(
  { epoch, number, starts }: NonNullable<OutChain['before']>,
  listed: readonly DeviceId[],
): Ended {
  return {
    epoch,
    number,
    devices: starts
      .filter(({ device }) => listed.includes(device))
      .slice(0, LIMITS.devicesPerAccount)
      .map((start) => ({ device: idBytes(start.device), number: start.number })),
  };
}

/**
 * The own chain once frame `number` is made for further devices too: it is their first, and later frames say so, so that they miss it if
 * it does not come. `undefined`: nothing changes.
 */
export function startAt(
  held: OutChain | undefined,
  epoch: Uint8Array | undefined,
  number: number,
  devices: readonly DeviceId[],
): OutChain | undefined {
  if (held === undefined || epoch === undefined || !equalBytes(held.epoch, epoch)) return undefined;
  const unknown = devices.filter((device) => held.starts.every((start) => start.device !== device));
  if (unknown.length === 0) return undefined;
  return { ...held, starts: [...held.starts, ...unknown.map((device) => ({ device, number }))] };
}

/** Whether one of these devices came in after frame `number`: it would take that frame for one that it has, and pass over it. */
export function cameInAfter(
  held: OutChain | undefined,
  epoch: Uint8Array | undefined,
  number: number,
  devices: readonly DeviceId[],
): boolean {
  if (held === undefined || epoch === undefined || !equalBytes(held.epoch, epoch)) return false;
  return held.starts.some((start) => start.number > number && devices.includes(start.device));
}

/** The chains that were lately heard of, as many as a frame tells. */
function newestOf(incoming: readonly InChain[]): readonly InChain[] {
  return incoming
    .toSorted((a, b) => (b.heardAt ?? 0) - (a.heardAt ?? 0))
    .slice(0, 2 * LIMITS.devicesPerAccount);
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

/** The numbers that have not come, as far as they are told apart. */
type Missed = Pick<InChain, 'missing' | 'lost'>;

/** How many numbers have not come. */
export function missingCount({ missing, lost }: Missed): number {
  return missing.length + (lost?.count ?? 0);
}

/** Adds the numbers from `first` to `last`. What is more than can be told apart is counted, and is never taken for received. */
function addMissing(held: Missed, first: number, last: number): Missed {
  const told = Math.max(first, last - MISSING_MOST + 1);
  const added = Array.from({ length: last - told + 1 }, (_, i) => told + i);
  const all = [...held.missing, ...added];
  const missing = all.slice(-MISSING_MOST);
  const forgotten = all.slice(0, all.length - missing.length);
  const count = (held.lost?.count ?? 0) + forgotten.length + (told - first);
  if (count === 0) return { missing };
  const upTo = Math.max(held.lost?.upTo ?? 0, forgotten.at(-1) ?? 0, told > first ? told - 1 : 0);
  return { missing, lost: { upTo, count } };
}

/** The highest number before which nothing is missing, where `before` held until now. */
function contiguousOf(before: number, highest: number, { missing, lost }: Missed): number {
  if (lost !== undefined) return before;
  return missing.length === 0 ? highest : Math.min(...missing) - 1;
}

/** A chain of which nothing has come, for a device that came in at number `start`. */
function chainFrom(device: DeviceId, epoch: InChain['epoch'], start: number): InChain {
  return {
    device,
    epoch,
    contiguous: start - 1,
    highest: start - 1,
    missing: [],
    heads: start === 1 ? [{ number: 0, hash: new Uint8Array(HASH_BYTES) }] : [],
  };
}

/**
 * Judges what a link tells of the epoch before. `held`: the chain of that epoch, if anything of it has come to `me`. Gives the gap at its
 * end, if there is one.
 */
export function judgeEnd(
  held: InChain | undefined,
  device: DeviceId,
  { epoch, number, devices }: Ended,
  me: DeviceId,
): Extract<LinkVerdict, { readonly kind: 'gap' }> | undefined {
  const start = devices.find((each) => idOf<DeviceId>(each.device) === me)?.number;
  if (start === undefined) return undefined;
  const before = held ?? chainFrom(device, epoch, start);
  const { highest } = before;
  if (highest >= number) return undefined;
  const missed = { ...before, ...addMissing(before, highest + 1, number) };
  const chain = { ...missed, highest: number, contiguous: contiguousOf(before.contiguous, number, missed) };
  return { kind: 'gap', chain, missing: chain.missing.filter((each) => each > highest) };
}

/** Judges a link of `device` and gives the chain's next state. `hash`: by what the next frame must name this one, where that is known. */
export function judgeLink(
  held: InChain | undefined,
  device: DeviceId,
  link: Link,
  hash: OwnBytes | undefined,
  me: Baseline,
): LinkVerdict {
  const { number } = link;
  const stated = link.starts.find((start) => idOf<DeviceId>(start.device) === me.device)?.number;
  const start = Math.min(stated ?? (me.unknownToSender ? number : 1), number);
  const before = held ?? chainFrom(device, link.epoch, start);
  const { highest, lost } = before;
  const isMissing = before.missing.includes(number);
  // Among numbers that were given up nobody knows which came: what comes is taken, since a repeat does no harm and a loss does.
  const isDoubtful = lost !== undefined && number <= lost.upTo;
  if (number <= highest && !isMissing && !isDoubtful) return { kind: 'repeated', chain: before };
  const named = before.heads.find((head) => head.number === number - 1);
  const others = before.heads.filter((head) => head.number !== number - 1);
  const heads = hash === undefined ? others : [...others, { number, hash }].slice(-HEADS_MOST);
  const isFork = named !== undefined && !equalBytes(named.hash, link.previous);
  if (number <= highest) {
    const missed = { ...before, missing: before.missing.filter((each) => each !== number) };
    const chain = { ...missed, heads, contiguous: contiguousOf(before.contiguous, highest, missed) };
    return isFork ? { kind: 'fork', chain } : { kind: 'late', chain };
  }
  const isNext = number === highest + 1;
  const missed = isNext ? before : { ...before, ...addMissing(before, highest + 1, number - 1) };
  const contiguous = contiguousOf(before.contiguous, number, missed);
  const chain = { ...missed, heads, highest: number, contiguous };
  if (isFork) return { kind: 'fork', chain };
  if (isNext) return { kind: 'next', chain };
  return { kind: 'gap', chain, missing: chain.missing.filter((each) => each > highest) };
}

/** Text form of an epoch, as keys of tables use it. */
export function epochText(epoch: Uint8Array): string {
  return encodeB64u(epoch);
}
