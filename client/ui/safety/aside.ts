/** Questions about scanned codes that were put aside: each comes back with its next step, when it is taken up again, or with a reload. */
import { signal } from '@preact/signals';
import type { EncounterView } from '../../core/door.ts';
import { text } from '../text/text.ts';

const aside = signal<ReadonlySet<string>>(new Set());

function stepOf({ id, kind }: EncounterView): string {
  return `${id} ${kind}`;
}

/** Whether it was put aside as it stands. */
export function isPutAside(one: EncounterView): boolean {
  return aside.value.has(stepOf(one));
}

/** Puts it aside. */
export function putAside(one: EncounterView): void {
  aside.value = new Set([...aside.value, stepOf(one)]);
}

/** Asks again what was put aside. */
export function takeUp(): void {
  aside.value = new Set();
}

/** What somebody is called in a question; never by an id. */
export function nameOf({ name }: EncounterView): string {
  return name ?? text.encounter.someone;
}
