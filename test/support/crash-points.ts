/**
 * A scene between two people, played again and again, the power of one of their devices gone at another step each time: at each the device
 * opens again on its disk, the scene goes on to its end, and both can talk. Nothing may be lost, shown twice or encrypted under a key that
 * was used.
 */
import type { Test } from 'tap';
import { CrashPair, type CrashPlace, type Side } from './crash-pair.ts';
import { Power, type Step } from './power.ts';
import { pickSeed, Seeded } from './schedule.ts';
import { tellTable } from './tell-table.ts';

/** What is played. Each part is told what its words begin with, which no other round has. */
export interface CrashScene {
  readonly name: string;
  /** Whose power goes. */
  readonly whose: 'ada' | 'ben';
  /** Rounds that one pair lasts: where repairs are asked for, fewer than a day has. */
  readonly rounds?: number;
  readonly anyOrder?: true;
  /** What is so before the power is in danger. */
  prepare?(pair: CrashPair, words: string): Promise<void>;
  /** What Ada does. Called again from the beginning if it was her power that went. */
  act(pair: CrashPair, words: string): Promise<void>;
  /** After the device has opened again. */
  reopened?(pair: CrashPair): void;
  /** What is besides to be so in the end. */
  check?(pair: CrashPair, words: string): boolean;
}

/** How often the power goes: at every step, or at so many that chance takes. */
export type Points = 'every' | { readonly sample: number };

/** What came of a scene. */
export interface SceneFigures {
  readonly scene: string;
  readonly whose: string;
  /** Steps of each kind from the beginning of the scene to its end, in the round that was left alone. */
  readonly steps: ReadonlyMap<Step, number>;
  /** How often the power went, at which steps, and how often once more while the device opened again. */
  readonly losses: number;
  readonly lostAt: ReadonlySet<Step>;
  readonly again: number;
  /** Envelopes that left, and encryptions that did not. */
  readonly left: number;
  readonly unused: number;
}

/** Rounds that a pair lasts where a scene does not say otherwise: what both show is read through after each. */
const ROUNDS_MOST = 20;
/** A device takes some more steps than these until it is connected again. */
const STEPS_TO_OPEN = 30;

/** Where the scenes of a file are played, and what came of them. */
export class Stage {
  readonly #seeded = new Seeded(pickSeed());
  readonly #newPlace: (number: number) => Promise<CrashPlace>;
  readonly #figures: SceneFigures[] = [];
  #pairs = 0;

  /** `newPlace`: where the pair of this number is made, under names that are free. */
  constructor(newPlace: (number: number) => Promise<CrashPlace>) {
    this.#newPlace = newPlace;
  }

  /** Plays a scene in which Ada acts, at points of the one's power and the other's. */
  async play(
    t: Test,
    scene: Omit<CrashScene, 'whose'>,
    points: Points,
    people: readonly CrashScene['whose'][] = ['ada', 'ben'],
  ): Promise<void> {
    for (const whose of people) {
      const figures = await this.#play({ ...scene, whose }, points);
      this.#figures.push(figures);
      const { losses, lostAt } = figures;
      t.ok(losses > 0, `power of ${whose}: lost ${String(losses)} times, at ${[...lostAt].join(', ')}`);
      if (points !== 'every') continue;
      for (const step of ['write', 'commit', 'frame'] as const) t.ok(lostAt.has(step), `lost at a ${step}`);
    }
  }

  /** The table of what was played. */
  tell(t: Test): void {
    const head = ['Scene', 'Power of', 'Steps', 'Lost', 'Twice', 'Envelopes', 'Encrypted, never left'];
    const rows = this.#figures.map(({ scene, whose, steps, losses, again, left, unused }) => {
      const taken = [...steps].filter(([, count]) => count > 0);
      const told = taken.map(([step, count]) => `${String(count)} ${step}`).join(', ');
      return [scene, whose, told, losses, again, left, unused];
    });
    tellTable(t, head, rows);
  }

  /** Throws at the first round after which anything is wrong, and says which it was. */
  async #play(scene: CrashScene, points: Points): Promise<SceneFigures> {
    const newPlace = (): Promise<CrashPlace> => this.#newPlace((this.#pairs += 1));
    await using rounds = new Rounds(scene, this.#seeded, newPlace);
    // The first time devices that are new have more to do.
    await rounds.leaveAlone();
    const steps = await rounds.leaveAlone();
    const total = [...steps.values()].reduce((sum, count) => sum + count, 0);
    if (points === 'every') {
      // Not every round takes as many steps: on until one comes to its end before the power goes.
      for (let point = 0; (await rounds.lose(point, this.#seeded.chance(0.25))) || point < total;) point += 1;
    } else {
      const { sample } = points;
      for (let i = 0; i < 2 * sample && rounds.figures().losses < sample; i += 1) {
        await rounds.lose(this.#seeded.below(total), this.#seeded.chance(0.5));
      }
    }
    return { scene: scene.name, whose: scene.whose, steps, ...rounds.figures() };
  }
}

/** The rounds of one scene. */
class Rounds implements AsyncDisposable {
  readonly #scene: CrashScene;
  readonly #seeded: Seeded;
  readonly #places: () => Promise<CrashPlace>;
  #pair: CrashPair | undefined;
  #played = 0;
  #losses = 0;
  readonly #lostAt = new Set<Step>();
  #again = 0;
  #left = 0;
  #unused = 0;

  constructor(scene: CrashScene, seeded: Seeded, places: () => Promise<CrashPlace>) {
    this.#scene = scene;
    this.#seeded = seeded;
    this.#places = places;
  }

  figures(): Omit<SceneFigures, 'scene' | 'whose' | 'steps'> {
    const { left = 0, unused = 0 } = this.#pair?.tap ?? {};
    return {
      losses: this.#losses,
      lostAt: this.#lostAt,
      again: this.#again,
      left: this.#left + left,
      unused: this.#unused + unused,
    };
  }

  /** A round in which the power stays. Gives the steps that it took. */
  async leaveAlone(): Promise<ReadonlyMap<Step, number>> {
    const { pair, side, words } = await this.#begin();
    const before = new Map(side.client.ports.power.taken);
    await this.#scene.act(pair, words);
    await pair.isQuiet();
    const steps = new Map<Step, number>();
    for (const [step, count] of side.client.ports.power.taken)
      steps.set(step, count - (before.get(step) ?? 0));
    await this.#end(pair, words);
    return steps;
  }

  /** A round in which the power goes after so many steps; `twice`: and again while the device opens. Whether it went before the end. */
  async lose(point: number, twice: boolean): Promise<boolean> {
    const { pair, side, words } = await this.#begin();
    const { power } = side.client.ports;
    const lost = new Promise<'lost'>((resolve) => power.onLoss(() => resolve('lost')));
    let left = point;
    power.failWhen(() => left-- <= 0);
    const acted = this.#scene.act(pair, words);
    const ended = acted.then(() => pair.isQuiet()).then(() => 'ended' as const);
    ended.catch(() => undefined);
    try {
      const outcome = await Promise.race([
        lost,
        ended.catch((error: unknown) => (power.isOff ? lost : Promise.reject(error))),
      ]);
      if (outcome === 'lost') this.#losses += 1;
      if (power.lostAt !== undefined) this.#lostAt.add(power.lostAt);
      power.cut();
      await this.#reopen(pair, side, twice);
      this.#scene.reopened?.(pair);
      if (outcome === 'lost' && side === pair.ada) await this.#scene.act(pair, words);
      // At once, before anything comes by which the sessions step on: keys that have left must not be forgotten.
      await pair.say(side, `${words}: back again`);
      if (side !== pair.ada) await acted;
      await this.#end(pair, words);
      return outcome === 'lost';
    } catch (cause) {
      const { name, whose } = this.#scene;
      const at = `${name}: ${whose} loses power after ${String(point)} steps, at a ${power.lostAt ?? 'rest'}`;
      throw new Error(`${at}; repeat with TACET_SEED=${String(this.#seeded.seed)}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pair?.[Symbol.asyncDispose]();
  }

  async #begin(): Promise<{ readonly pair: CrashPair; readonly side: Side; readonly words: string }> {
    const { rounds = ROUNDS_MOST, anyOrder, whose, name } = this.#scene;
    if (this.#pair !== undefined && this.#played % rounds === 0) {
      ({ left: this.#left, unused: this.#unused } = this.figures());
      await this.#pair[Symbol.asyncDispose]();
      this.#pair = undefined;
    }
    const pair = (this.#pair ??= await CrashPair.open({ ...(await this.#places()), anyOrder }));
    this.#played += 1;
    const words = `${name} ${String(this.#played)}`;
    await this.#scene.prepare?.(pair, words);
    return { pair, side: pair[whose], words };
  }

  async #reopen(pair: CrashPair, side: Side, twice: boolean): Promise<void> {
    const power = new Power();
    let left = this.#seeded.below(STEPS_TO_OPEN);
    if (twice) power.failWhen(() => left-- <= 0);
    try {
      await pair.open(side, power);
      power.failWhen(() => false);
    } catch (error) {
      if (!power.isOff) throw error;
      this.#again += 1;
      await pair.open(side);
    }
  }

  /** Both can talk, and nothing is wrong. */
  async #end(pair: CrashPair, words: string): Promise<void> {
    await pair.isQuiet();
    await pair.say(pair.ada, `${words}: Ada, still here`);
    await pair.say(pair.ben, `${words}: Ben, still here`);
    await pair.isQuiet();
    const faults = await pair.faults();
    if (this.#scene.check?.(pair, words) === false) throw new Error('it is not what it was meant to be');
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }
}
