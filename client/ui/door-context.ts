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

/** A request under way, its failure, and how to make it. A second one while the first runs is ignored. */
export interface Asking {
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** Resolves to whether it succeeded. Never rejects. */
  readonly ask: (request: () => Promise<void>) => Promise<boolean>;
  readonly forget: () => void;
}

/** Tracks one command at a time for a form or a button. */
export function useAsking(): Asking {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const running = useRef(false);
  const mounted = useRef(true);
  useEffect(
    () => () => {
      mounted.current = false;
    },
    [],
  );
  const ask = useCallback(async (request: () => Promise<void>) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setFailure(undefined);
    try {
      await request();
      return true;
    } catch (error) {
      if (mounted.current) setFailure(failureOf(error));
      return false;
    } finally {
      running.current = false;
      if (mounted.current) setBusy(false);
    }
  }, []);
  const forget = useCallback(() => setFailure(undefined), []);
  return { busy, failure, ask, forget };
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
