/**
 * Chaos: several people and devices, bad lines, lost power, a killed server, lost sessions, sessions that begin on both sides at once, and
 * nobody’s one-time prekeys left. In the end everything that was said is everywhere once, or its absence shows.
 */
import t, { type Test } from 'tap';
import type { Line } from '@tacet/client/core/view';
import type { Weather } from '../support/chaos-wire.ts';
import type { Device } from '../support/chaos-device.ts';
import { openWorld, type World } from '../support/chaos-world.ts';
import { readLines } from '../support/make-client.ts';
import { pickSeed, Seeded } from '../support/schedule.ts';
import { tellTable } from '../support/tell-table.ts';

t.setTimeout(5_000_000);

const isSoak = process.env['TACET_SOAK'] === '1';
const MESSAGES = isSoak ? 10_000 : 150;
const WEATHER: Weather = isSoak
  ? { loss: 0.01, duplicates: 0.03, delays: 0.03, faults: 0.003 }
  : { loss: 0.03, duplicates: 0.05, delays: 0.05, faults: 0.01 };
/** One in so many messages is followed by each of these. */
const RARITY = isSoak ? 10 : 1;
/** Days after which what is missing is given up, with a line that says so. */
const DAYS_MOST = 6;

/** What one device shows of a conversation, held against what was said in it. */
interface Judged {
  readonly faults: readonly string[];
  /** Messages that are not there, and what lines about gaps say is missing: messages and whatever else is numbered. */
  readonly missing: number;
  readonly gaps: number;
  /** Lines about what could not be read. */
  readonly unreadable: number;
  /** Messages that came when later ones were there. */
  readonly late: number;
}

/** Everything that was said is there once, in the order of each device that said it but for what came late. */
function judge(world: World, device: Device, friend: string, lines: readonly Line[]): Judged {
  const faults: string[] = [];
  const messages = lines.filter((line) => line.kind === 'message');
  const events = lines.flatMap((line) => (line.kind === 'event' ? [line.event] : []));
  const places = Map.groupBy(messages, ({ text }) => text);
  const said = world.said.filter(({ by, to }) =>
    by.username === friend ? to === device.username : by.username === device.username && to === friend,
  );
  const newest = new Map<Device, number>();
  let missing = 0;
  for (const { by, words } of said) {
    const [line, ...more] = places.get(words) ?? [];
    if (more.length > 0) faults.push(`${words}: ${String(more.length + 1)} times`);
    places.delete(words);
    if (line === undefined) {
      if (by === device) faults.push(`${words}: not with its author`);
      missing += 1;
      continue;
    }
    if (line.mine !== (by.username === device.username)) faults.push(`${words}: shown as the other one’s`);
    if (by === device && ['sending', 'failed', 'held'].includes(line.delivery.kind))
      faults.push(`${words}: ${line.delivery.kind}`);
    if (line.late === true) continue;
    if (line.order < (newest.get(by) ?? 0)) faults.push(`${words}: before what was said earlier`);
    newest.set(by, line.order);
  }
  for (const text of places.keys()) faults.push(`${text}: nobody said that`);
  const gaps = events.reduce((sum, event) => sum + (event.what === 'gap' ? event.missing : 0), 0);
  if (missing > gaps) faults.push(`${String(missing)} missing, ${String(gaps)} shown as missing`);
  const unreadable = events.filter(({ what }) => what === 'unreadable').length;
  const late = messages.filter((line) => line.late === true).length;
  return {
    faults: faults.map((fault) => `${device.name} with ${friend}: ${fault}`),
    missing,
    gaps,
    unreadable,
    late,
  };
}

function pick<Item>(seeded: Seeded, items: readonly Item[]): Item {
  const item = items[seeded.below(items.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}

/** So many messages, each by a device of chance to a person of chance, and what happens between them. */
async function play(world: World, seeded: Seeded): Promise<void> {
  for (let number = 1; number <= MESSAGES; number += 1) {
    // Each of them once at least, where chance does not have it earlier.
    const happens = (oneIn: number): boolean =>
      number === MESSAGES - oneIn || seeded.chance(1 / (oneIn * RARITY));
    const device = pick(seeded, world.devices);
    const friend = pick(seeded, world.friendsOf(device.username));
    const words = `message ${String(number)} by ${device.name}`;
    if (happens(25)) await world.sayAndCrash(device, friend, words, seeded.below(20));
    else await world.say(device, friend, words);
    if (happens(30)) await world.restart(pick(seeded, world.devices));
    if (happens(40)) world.darken(pick(seeded, world.devices));
    if (happens(20)) world.lighten();
    if (happens(50)) await world.loseSessions([pick(seeded, world.devices)]);
    if (happens(60)) await beginAtOnce(world, seeded, `at once ${String(number)}`);
    if (happens(75)) await world.killServer();
    if (number % Math.ceil(MESSAGES / 6) === 0) world.nextDay();
    if (number % 10 === 0) await world.catchUp();
  }
}

/** A device of each of two people begins a session with the other's at the same moment. */
async function beginAtOnce(world: World, seeded: Seeded, words: string): Promise<void> {
  const one = pick(seeded, world.devices);
  const friend = pick(seeded, world.friendsOf(one.username));
  const other = pick(
    seeded,
    world.devices.filter(({ username }) => username === friend),
  );
  await world.beginAtOnce(one, other, words);
}

/** Everybody says something to everybody: what was sent before and is not there shows as missing with it. */
async function sayLast(world: World, day: number): Promise<void> {
  for (const device of world.devices) {
    for (const friend of world.friendsOf(device.username)) {
      await world.say(device, friend, `the end of day ${String(day)} by ${device.name} for ${friend}`);
    }
  }
}

/** Everything that every device shows. */
async function lookAt(world: World): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  for (const device of world.devices) {
    for (const friend of world.friendsOf(device.username)) {
      const conversation = world.with(friend);
      await device.client.commands.openConversation(conversation, { to: 'latest' });
      judged.push(judge(world, device, friend, await readLines(device.client, conversation)));
    }
  }
  return judged;
}

function isWhole({ faults, missing, gaps, unreadable }: Judged): boolean {
  return faults.length + missing + gaps + unreadable === 0;
}

/** Calm days, each until nobody has anything more to send, until nothing is missing or is given up. */
async function mend(world: World): Promise<readonly Judged[]> {
  await world.calm();
  for (let day = 1; ; day += 1) {
    if (day > 1) world.nextDay();
    await sayLast(world, day);
    await world.settle();
    const judged = await lookAt(world);
    if (day === DAYS_MOST || judged.every(isWhole)) return judged;
  }
}

function sum(judged: readonly Judged[], what: 'missing' | 'gaps' | 'unreadable' | 'late'): number {
  return judged.reduce((total, each) => total + each[what], 0);
}

function tell(t: Test, world: World, judged: readonly Judged[]): void {
  const { injected, happened, said, devices, tap } = world;
  tellTable(
    t,
    ['What', 'How many'],
    [
      ['messages', said.length],
      ['devices', devices.length],
      ['envelopes', tap.left],
      ['envelopes lost for good', injected.losses],
      ['envelopes that came twice', injected.duplicates],
      ['sends that left twice', injected.repeats],
      ['envelopes late or in another order', injected.delays],
      ['acknowledgements lost', injected.acks],
      ['connections broken, to begin again', injected.hangUps],
      ['devices without a network for a while', happened.networksLost],
      ['requests or answers lost', injected.requests],
      ['devices closed and opened', happened.restarts],
      ['of them with the power gone in the middle', happened.crashes],
      ['kills of the server', happened.serverKills],
      ['devices without their sessions', happened.lostSessions],
      ['times somebody had no one-time prekeys', happened.exhausted],
      ['sessions begun', tap.begun],
      ['of them without a one-time prekey', tap.reduced],
      ['times both sides began one at once', happened.begunAtOnce],
      ['envelopes that no session could read', tap.unreadable],
      ['messages that came after later ones', sum(judged, 'late')],
      ['messages missing in the end', sum(judged, 'missing')],
      ['shown as missing in the end', sum(judged, 'gaps')],
      ['lines about what could not be read in the end', sum(judged, 'unreadable')],
    ],
  );
}

t.test(`${String(MESSAGES)} messages through chaos are everywhere once in the end`, async (t) => {
  const seeded = new Seeded(pickSeed(31));
  t.comment(`repeat with TACET_SEED=${String(seeded.seed)}`);
  const world = await openWorld(t, seeded, WEATHER);
  world.storm();
  await play(world, seeded);
  const judged = await mend(world);
  const keyFaults = world.keyFaults();
  tell(t, world, judged);
  const { happened, injected, tap } = world;
  // What comes by chance alone, and seldom, need not come in a few messages.
  const { begunAtOnce, ...planned } = happened;
  const { acks, hangUps, requests, ...frequent } = injected;
  const rare = { begunAtOnce, acks, hangUps, requests, reduced: tap.reduced };
  for (const [what, times] of Object.entries({ ...planned, ...frequent, ...(isSoak ? rare : {}) })) {
    t.ok(times > 0, `${what}: ${String(times)} times`);
  }
  t.strictSame(
    judged.flatMap(({ faults }) => faults),
    [],
  );
  t.equal(sum(judged, 'missing'), 0, 'nothing is missing');
  t.equal(sum(judged, 'gaps'), 0, 'and nothing is said to be');
  t.equal(sum(judged, 'unreadable'), 0, 'nothing is left that could not be read');
  t.strictSame(keyFaults, [], 'no key was used twice');
  await world.close();
  t.strictSame(world.failures, []);
});
