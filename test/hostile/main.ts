// `npm run hostile`: the hostile server's list alone, with the table of rows and verdicts at the end. `npm run hostile -- https://…/i/…`
// plays it against a server that runs elsewhere: an invite to it, or its address alone where sign-up is open to all. What needs the
// server's store says so. Other arguments select files by parts of their paths. Code 2: what was typed is neither; nothing was done.
//
// At a server elsewhere one account is made with the invite, and invites the people of every scene: they all stay there.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { openTestClient, signUp } from '../support/make-client.ts';
import { runBrowser } from '../run/browser.ts';
import { add, none, type Outcome } from '../run/outcome.ts';
import { filesMatching } from '../run/select.ts';
import { runTap } from '../run/tap.ts';
import { readVerdict, runTable, type Verdict } from './table.ts';
import { objectionTo, readArguments, type Target } from './target.ts';

/** Somebody at a server elsewhere who hands out invites, one for each request, at an address of this machine alone. */
async function openHost({ origin, invite }: Target): Promise<AsyncDisposable> {
  const client = openTestClient({ url: origin });
  await signUp(client, `host${randomBytes(4).toString('hex')}`, invite?.link);
  const server = createServer((_request, response) => {
    client.commands.makeInvite().then(
      (made) => response.end(made.link),
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env['TACET_HOSTILE_ORIGIN'] = origin;
  process.env['TACET_HOSTILE_INVITES'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      await client.close();
    },
  };
}

const ran = new Map<string, Verdict[]>();
function note(line: string): void {
  const found = readVerdict(line);
  if (found !== undefined) ran.set(found.row, [...(ran.get(found.row) ?? []), found.verdict]);
}

const tapFiles = filesMatching('.test.ts', ['test/hostile/']);
const specs = filesMatching('.spec.ts', ['test/e2e/hostile']);

async function runAll(parts: readonly string[]): Promise<Outcome> {
  const chosen = (file: string): boolean => parts.length === 0 || parts.some((part) => file.includes(part));
  const files = tapFiles.filter(chosen);
  const total = files.length === 0 ? none : await runTap(files, { onOutput: note });
  // The browsers of the other suites are the store's neighbours.
  const pages = process.env['TACET_HOSTILE_ORIGIN'] === undefined ? specs.filter(chosen) : [];
  return pages.length === 0 ? total : add(total, await runBrowser(pages, { onOutput: note }));
}

async function runAt(target: Target | undefined, parts: readonly string[]): Promise<Outcome> {
  await using _host = target === undefined ? undefined : await openHost(target);
  return await runAll(parts);
}

async function play(parts: readonly string[], target: Target | undefined): Promise<void> {
  const outcome = await runAt(target, parts);
  console.log(`\n# The hostile server's list\n${runTable(ran)}`);
  for (const told of outcome.faults) console.log(`\nFAILED: ${told}`);
  console.log(`\n${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`);
  process.exitCode = outcome.failed === 0 && outcome.passed > 0 ? 0 : 1;
}

const asked = readArguments(process.argv.slice(2), [...tapFiles, ...specs]);
if (asked.kind === 'wrong') {
  console.error(asked.why);
  process.exitCode = 2;
} else {
  const objection = asked.target === undefined ? undefined : await objectionTo(asked.target);
  if (objection === undefined) await play(asked.parts, asked.target);
  else {
    console.error(objection);
    process.exitCode = 1;
  }
}
