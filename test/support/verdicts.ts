/** What an engine makes of a message: whether it opens or is refused, under which number, and that a refusal leaves no trace. */
import type { Test } from 'tap';
import type { EngineName } from './signal-engines.ts';
import type { Party, Wire } from './signal-party.ts';

export const engines: readonly EngineName[] = ['ours', 'native'];
export const plaintext = Buffer.from('a text');

/** libsignal's number of the error, or the type of another one. */
export async function failureOf(work: () => unknown): Promise<number | string> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return typeof code === 'number' ? code : String((error as Error).constructor.name);
  }
}

export async function refuses(
  t: Test,
  to: Party,
  from: Party,
  wire: Wire,
  what: string,
  code = 0,
): Promise<void> {
  const before = to.snapshot();
  t.equal(await failureOf(() => to.decrypt(from, wire)), code, what);
  t.equal(to.snapshot(), before, `${what}: nothing changed`);
}

export async function accepts(t: Test, to: Party, from: Party, wire: Wire, what: string): Promise<void> {
  const before = to.snapshot();
  t.same(Buffer.from(await to.decrypt(from, wire)), plaintext, what);
  t.not(to.snapshot(), before, `${what}: the state moved on`);
}

/** Another varint in place of a post-quantum field's one-byte epoch or index. */
export function withByte(position: number, value: number): (honest: Uint8Array) => Uint8Array {
  return (honest) => honest.with(position, value);
}
