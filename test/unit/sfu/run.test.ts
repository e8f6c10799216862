// Programs that are run for the worker, and the lock: nothing outlives its process.

import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { takeLock } from '../../../sfu/worker/lock.ts';
import { runProgram } from '../../../sfu/worker/run.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Zombies that nobody has waited for yet are dead too. */
async function isRunning(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ' Z');
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

async function untilGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 300; tries++) {
    if (!(await isRunning(pid))) return true;
    await wait(100);
  }
  return false;
}

t.test('a program tells its lines and its status', async (t) => {
  const lines: string[] = [];
  const { code, tail } = await runProgram('sh', ['-c', 'echo one; echo two >&2; exit 7'], {
    onLine: (line) => lines.push(line),
  });
  t.equal(code, 7);
  t.strictSame(lines.toSorted(), ['one', 'two']);
  t.strictSame([...tail].toSorted(), ['one', 'two']);
  t.match(await runProgram('/nowhere/at/all', []), { code: 127 });
  t.match(await runProgram('/nowhere/at/all', [], { isLeftToEnd: true }), { code: undefined });
  t.match(await runProgram('sh', ['-c', 'echo $SECRET'], { env: {} }), { tail: [''] });
});

t.test('what it leaves running ends with it, and so does all of it when it is stopped or late', async (t) => {
  const pids: number[] = [];
  const onLine = (line: string) => pids.push(Number(line));
  const script = 'sleep 600 >/dev/null 2>&1 & echo $!';
  t.match(await runProgram('sh', ['-c', script], { onLine }), { code: 0 });
  const stop = new AbortController();
  const stopped = runProgram('sh', ['-c', `${script}; echo $$; sleep 600`], {
    signal: stop.signal,
    onLine(line) {
      onLine(line);
      if (pids.length === 3) stop.abort();
    },
  });
  t.match(await stopped, { code: undefined });
  t.match(await runProgram('sh', ['-c', 'echo $$; sleep 600'], { onLine, timeoutMs: 300 }), {
    code: undefined,
  });
  t.equal(pids.length, 4);
  for (const pid of pids) t.ok(await untilGone(pid));
  t.match(await runProgram('true', [], { signal: AbortSignal.abort() }), { code: undefined });
});

t.test('a program ends with a parent that is killed', async (t) => {
  const run = new URL('../../../sfu/worker/run.ts', import.meta.url).href;
  const source = `const { runProgram } = await import(${JSON.stringify(run)});
    await runProgram('sh', ['-c', 'echo $$; sleep 600'], { onLine: (line) => console.log(line) });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) => {
    parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
  });
  t.ok(await isRunning(pid));
  parent.kill('SIGKILL');
  t.ok(await untilGone(pid));
});

t.test('a lock is held by one at a time and not by the dead', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'lock');
  const never = () => t.fail('waited');
  const letGo = await takeLock(path, never);
  const waits = Promise.withResolvers<void>();
  const second = takeLock(path, waits.resolve);
  await waits.promise;
  t.match(await readFile(path, 'utf8'), new RegExp(`^${process.pid} `));
  await letGo();
  await (
    await second
  )();
  t.strictSame(await readdir(folder), []);
  // Nobody; this process as it never was; nothing at all.
  for (const holder of [`${2 ** 22 + 5} 1`, `${process.pid} 1`, 'dead', '']) {
    await writeFile(path, holder);
    await (
      await takeLock(path, never)
    )();
  }
  const held = await takeLock(path, never);
  const stop = new AbortController();
  const third = takeLock(path, () => stop.abort(), stop.signal);
  await t.rejects(third, { name: 'AbortError' });
  t.strictSame(await readdir(folder), ['lock']);
  await held();
});
