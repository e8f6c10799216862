/** Core's door, handed to every screen by context, and the small hooks with which screens use it. */
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';
import { failureOf, type Door, type Failure } from '../core/door.ts';

export const DoorContext = createContext<Door | undefined>(undefined);

/** The door of this page. */
export function useDoor(): Door {
  const door = useContext(DoorContext);
  if (door === undefined) throw new Error('a screen outside its door');
  return door;
}

/** Whether the component is still shown: what a late answer would do for it must not be done to whatever is there instead. */
export function useIsHere(): { readonly current: boolean } {
  const isHere = useRef(true);
  useEffect(
    () => () => {
      isHere.current = false;
    },
    [],
  );
  return isHere;
}

/** A request under way, its failure, and how to make it. */
export interface Asking {
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** Resolves to whether it succeeded. Never rejects. */
  readonly ask: (request: () => Promise<void>) => Promise<boolean>;
  readonly forget: () => void;
}

/**
 * Tracks the commands of a form or a button. `one` at a time: a second one while the first runs is ignored, as a second press on a button
 * should be. `many`: each is made, as each message that is written must be.
 */
export function useAsking(atATime: 'one' | 'many' = 'one'): Asking {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const running = useRef(0);
  const mounted = useIsHere();
  const ask = useCallback(async (request: () => Promise<void>) => {
    if (atATime === 'one' && running.current > 0) return false;
    running.current += 1;
    setBusy(true);
    setFailure(undefined);
    try {
      await request();
      return true;
    } catch (error) {
      if (mounted.current) setFailure(failureOf(error));
      return false;
    } finally {
      running.current -= 1;
      if (mounted.current) setBusy(running.current > 0);
    }
  }, []);
  const forget = useCallback(() => setFailure(undefined), []);
  return { busy, failure, ask, forget };
}

/** A choice that core keeps. */
export interface Choosing<Value> {
  /** What was pressed last, until core has it or has refused it; otherwise what core keeps. */
  readonly shown: Value;
  /** Whether core has not yet kept what is shown. */
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** Never rejects. The last of several presses counts. */
  readonly choose: (value: Value) => Promise<void>;
}

/** Shows a press at once and lets `keep` follow: a control that waits for its answer seems not to have heard. */
export function useChoice<Value extends string | number | boolean>(
  kept: Value,
  keep: (value: Value) => Promise<unknown>,
): Choosing<Value> {
  const [pressed, setPressed] = useState<Value | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const running = useRef(0);
  const presses = useRef(0);
  useEffect(() => {
    if (running.current === 0) setPressed(undefined);
  }, [kept]);

  async function choose(value: Value): Promise<void> {
    presses.current += 1;
    const press = presses.current;
    running.current += 1;
    setPressed(value);
    setFailure(undefined);
    try {
      await keep(value);
    } catch (error) {
      if (press === presses.current) {
        setPressed(undefined);
        setFailure(failureOf(error));
      }
    } finally {
      running.current -= 1;
    }
  }

  return { shown: pressed ?? kept, busy: pressed !== undefined && pressed !== kept, failure, choose };
}

/** An answer that a screen loads when it appears. */
export type Loaded<Value> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'loaded'; readonly value: Value }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Loads once per `key`; `again` loads anew. */
export function useLoaded<Value>(
  load: () => Promise<Value>,
  key: string,
): readonly [Loaded<Value>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ kind: 'loading' });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let wanted = true;
    setLoaded({ kind: 'loading' });
    load().then(
      (value) => wanted && setLoaded({ kind: 'loaded', value }),
      (error: unknown) => wanted && setLoaded({ kind: 'failed', failure: failureOf(error) }),
    );
    return () => {
      wanted = false;
    };
    // `load` is a fresh function at every render; `key` says when it means something else.
  }, [key, round]);
  return [loaded, () => setRound((before) => before + 1)];
}

/** Runs a command whose refusal needs no words here, because the state tells of it. */
export function inBackground(command: Promise<unknown>): void {
  command.catch(() => undefined);
}

/** `true` only after `on` has held for `delayMs`: what lasts a moment is not shown. */
export function useDelayed(on: boolean, delayMs: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!on) {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => setLate(true), delayMs);
    return () => clearTimeout(timer);
  }, [on, delayMs]);
  return on && late;
}
