/**
 * Four people with six devices at a real server that is killed, on lines as bad as chance makes them, whose devices lose their power and
 * their sessions, and whose one-time prekeys somebody uses up. Everybody knows everybody.
 */
import type { Test } from 'tap';
import type { ConversationId } from '@tacet/client/core/view';
import { isRepeatable } from '@tacet/client/core/transport/rest';
import { isWireError } from '@tacet/protocol/errors';
import { ChaosServer } from './chaos-server.ts';
import { haveSent, settle, type Device } from './chaos-device.ts';
import { makeChaosWire, type Injected, type Weather } from './chaos-wire.ts';
import { KeyTap } from './key-tap.ts';
import {
  accountOf,
  forgetSessions,
  hasContact,
  idFor,
  isOnline,
  nameOf,
  openTestClient,
  signIn,
  signUp,
  type TestClient,
} from './make-client.ts';
import { Disk } from './node-ports.ts';
import { makeFolder } from './open-store.ts';
import { Power } from './power.ts';
import { Seeded } from './schedule.ts';

/** Who there is, and how many devices each has. */
const PEOPLE = [
  ['ada', 2],
  ['ben', 2],
  ['cleo', 1],
  ['dora', 1],
] as const;
/** Timers up to this are for receipts and new tries, and are hastened; longer ones give up what is silent. */
const SHORT_TIMER_MS = 2_000;
const HASTE = 20;
const DAY_MS = 25 * 60 * 60_000;
/** Everybody has a lot to catch up with in the end. */
const WAIT_MS = 180_000;
/** What happened besides what was done to the lines. */
export interface Happened {
  restarts: number;
  /** Of those, with the power gone in the middle of something. */
  crashes: number;
  serverKills: number;
  networksLost: number;
  lostSessions: number;
  /** Two devices that both began a session with the other before either had heard of the other's. */
  begunAtOnce: number;
  exhausted: number;
}

/** Something that was said. */
export interface Said {
  readonly by: Device;
  /** Username of whom it was said to. */
  readonly to: string;
  readonly words: string;
}

/** All of it. Opened by `openWorld`. */
export class World {
  readonly devices: Device[] = [];
  readonly tap = new KeyTap();
  readonly injected: Injected = {
    losses: 0,
    duplicates: 0,
    repeats: 0,
    delays: 0,
    acks: 0,
    hangUps: 0,
    requests: 0,
  };
  readonly happened: Happened = {
    restarts: 0,
    crashes: 0,
    serverKills: 0,
    networksLost: 0,
    lostSessions: 0,
    begunAtOnce: 0,
    exhausted: 0,
  };
  /** In the order in which it was said. */
  readonly said: Said[] = [];
  /** Work in the background that failed, of every client there was. */
  readonly failures: string[] = [];
  readonly #seeded: Seeded;
  readonly #weather: Weather;
  readonly #accounts = new Map<string, ConversationId>();
  readonly #server: ChaosServer;
  readonly #ended = new WeakSet<TestClient>();
  #skewMs = 0;

  constructor(server: ChaosServer, seeded: Seeded, weather: Weather) {
    this.#server = server;
    this.#seeded = seeded;
    this.#weather = weather;
  }

  /** Makes the people and puts them in touch; nothing goes wrong until `storm`. */
  async fill(): Promise<void> {
    const firsts: Device[] = [];
    for (const [username, count] of PEOPLE) {
      const device = this.#newDevice(username, 1);
      const invite = (await firsts[0]?.client.commands.makeInvite())?.link;
      const { passphrase } = await signUp(device.client, username, invite);
      this.#accounts.set(username, accountOf(device.client));
      for (let number = 2; number <= count; number += 1) {
        await signIn(this.#newDevice(username, number).client, username, passphrase);
      }
      firsts.push(device);
    }
    for (const [at, device] of firsts.entries()) {
      // The first has invited everybody.
      for (const other of firsts.slice(1, at)) {
        const { link } = await other.client.commands.makeInvite();
        await device.client.commands.followInvite(link);
        await this.say(device, other.username, `${device.name} to ${other.username}: hello`);
      }
    }
    for (const { username, client } of this.devices) {
      for (const friend of this.friendsOf(username)) await hasContact(client, nameOf(friend));
    }
    for (const { client } of this.devices) await client.client.background.settled();
  }

  friendsOf(username: string): readonly string[] {
    return PEOPLE.map(([name]) => name).filter((name) => name !== username);
  }

  /** The conversation with somebody, which is his account. */
  with(username: string): ConversationId {
    const account = this.#accounts.get(username);
    if (account === undefined) throw new Error(`nobody is called ${username}`);
    return account;
  }

  /** Says something. It is on the device's disk when this resolves. */
  async say(by: Device, to: string, words: string): Promise<void> {
    this.said.push({ by, to, words });
    await this.#say(by, to, words);
  }

  /** Says something while the power goes after so many steps, and says it again on the device that opens then. */
  async sayAndCrash(by: Device, to: string, words: string, steps: number): Promise<void> {
    const { power } = by.client.ports;
    const lost = new Promise<void>((resolve) => power.onLoss(resolve));
    power.failAfter(steps);
    await Promise.race([this.say(by, to, words), lost]);
    power.cut();
    this.happened.crashes += 1;
    await this.restart(by);
    await this.#say(by, to, words);
  }

  /** Closes a device, unless its power is gone, and opens it on its disk. `meanwhile`: what becomes of that. */
  async restart(device: Device, meanwhile?: (disk: Disk) => void): Promise<void> {
    this.happened.restarts += 1;
    await this.#end(device);
    meanwhile?.(device.disk);
    device.client = this.#openClient(device);
    device.client.ports.setNetwork(!device.isDark);
    await device.client.waitFor('signed in', ({ session }) => session.kind === 'signed-in');
  }

  /** These devices lose their sessions, all of them before the first is open again. */
  async loseSessions(devices: readonly Device[]): Promise<void> {
    this.happened.lostSessions += devices.length;
    for (const device of devices) await this.#end(device);
    for (const { disk } of devices) forgetSessions(disk);
    for (const device of devices) await this.restart(device);
  }

  killServer(): Promise<void> {
    this.happened.serverKills += 1;
    return this.#server.killAndStart();
  }

  /** Both have lost their sessions and their person's one-time prekeys, and write to each other; what either sends comes when both have. */
  async beginAtOnce(one: Device, other: Device, words: string): Promise<void> {
    const both = [one, other];
    this.lighten();
    for (const { line } of both) line.hold();
    await this.loseSessions(both);
    for (const { client, username } of both) {
      await isOnline(client);
      await this.exhaust(username);
    }
    await Promise.all([
      this.say(one, other.username, `${words} by ${one.name}`),
      this.say(other, one.username, `${words} by ${other.name}`),
    ]);
    if (await haveSent(both)) this.happened.begunAtOnce += 1;
    for (const { line } of both) line.letGo();
  }

  /** Somebody asks for bundles of a person's devices until they have no one-time prekeys left. */
  exhaust(username: string): Promise<void> {
    this.happened.exhausted += 1;
    return this.#server.exhaust(this.with(username));
  }

  /** Everybody's clock goes on by a day and an hour. */
  nextDay(): void {
    this.#skewMs += DAY_MS;
  }

  /** A device has no network until `lighten`. */
  darken(device: Device): void {
    this.happened.networksLost += 1;
    device.isDark = true;
    device.client.ports.setNetwork(false);
  }

  lighten(): void {
    for (const device of this.devices) {
      device.isDark = false;
      device.client.ports.setNetwork(true);
    }
  }

  /** Lets the devices that have a network send what they have to send; on a bad line that need not come to an end. */
  async catchUp(): Promise<void> {
    await haveSent(this.devices);
    this.keyFaults();
  }

  /** Resolves when nobody has had anything to send and nothing has come for a while, or the time for that is over. */
  settle(): Promise<void> {
    return settle(this.devices);
  }

  storm(): void {
    for (const { line } of this.devices) line.storm();
  }

  /** No harm from here on; everybody is connected. */
  async calm(): Promise<void> {
    this.lighten();
    for (const { line } of this.devices) line.calm();
    for (const { client } of this.devices) {
      await client.commands.connectNow();
      await isOnline(client);
    }
  }

  /** What was heard and said on the lines is taken. Gives the keys that were used twice. */
  keyFaults(): readonly string[] {
    return this.devices.flatMap(({ line: { wire } }) => {
      wire.heard.length = 0;
      wire.delivered.length = 0;
      return this.tap.check(wire);
    });
  }

  async close(): Promise<void> {
    for (const device of this.devices) await this.#end(device);
    await this.#server.close();
  }

  async #say({ client }: Device, to: string, words: string): Promise<void> {
    await client.keyed(idFor(words)).sendText(this.with(to), words);
  }

  async #end({ client, name }: Device): Promise<void> {
    if (this.#ended.has(client)) return;
    this.#ended.add(client);
    for (const { name: work, error } of client.client.background.failures.splice(0)) {
      // What gets no answer, or came with a token of the server that was killed, is done another time.
      if (isRepeatable(error) || isWireError(error, 'unauthorized')) continue;
      const code = isWireError(error) ? ` ${error.code}` : '';
      this.failures.push(`${name}: ${work}: ${String(error)}${code}`);
    }
    if (client.ports.power.isOff) return;
    await client.close();
    client.crash();
  }

  #newDevice(username: string, number: number): Device {
    const line = makeChaosWire(new Seeded(this.#seeded.below(2 ** 32)), this.#weather, this.injected);
    const made = { username, name: `${username} ${String(number)}`, line, disk: new Disk() };
    const device = { ...made, client: this.#openClient(made), isDark: false };
    this.devices.push(device);
    return device;
  }

  #openClient({ line, disk }: Pick<Device, 'line' | 'disk'>): TestClient {
    return openTestClient({
      url: this.#server.origin,
      wire: line.wire,
      disk,
      power: new Power(),
      engine: this.tap.engine,
      waitMs: WAIT_MS,
      skewMs: () => this.#skewMs,
      timerMs: (delayMs) => (delayMs > SHORT_TIMER_MS ? delayMs : delayMs / HASTE),
    });
  }
}

/** Opens a world that ends with the test. */
export async function openWorld(t: Test, seeded: Seeded, weather: Weather): Promise<World> {
  const server = await ChaosServer.open(makeFolder(t));
  const world = new World(server, seeded, weather);
  t.teardown(() => world.close());
  await world.fill();
  return world;
}
