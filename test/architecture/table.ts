// Who may import whom: the whole table. The first line whose `from` is the beginning of a file's path holds for it.
//
// An entry of `may` is the beginning of a path in the repository, `npm:` and a package, or `node:`. One that begins with
// `!` takes away from the others. What a line does not name is forbidden.

export interface Rule {
  readonly from: string;
  readonly may: readonly string[];
}

const protocol = ['protocol/', '!protocol/content/', 'npm:typebox'];
const crypto = ['crypto/'];
// Only the entry knows the composition root, and only the composition root chooses adapters.
const server = [
  'server/',
  '!server/compose.ts',
  '!server/main.ts',
  'protocol/',
  '!protocol/content/',
  'npm:*',
  'node:',
];
const everything = ['', 'npm:*', 'node:'];

export const table: readonly Rule[] = [
  { from: 'protocol/content/', may: ['protocol/', 'npm:typebox'] },
  { from: 'protocol/cbor.ts', may: [...protocol, 'npm:cborg'] },
  { from: 'protocol/', may: protocol },

  { from: 'crypto/sodium.ts', may: [...crypto, 'npm:libsodium-sumo'] },
  { from: 'crypto/noble.ts', may: [...crypto, 'npm:@noble/*'] },
  { from: 'crypto/passphrase-strength.ts', may: [...crypto, 'npm:@zxcvbn-ts/*'] },
  { from: 'crypto/', may: crypto },

  { from: 'migrations/', may: ['migrations/', 'npm:kysely'] },

  { from: 'server/main.ts', may: server.filter((entry) => entry !== '!server/compose.ts') },
  // The relay's two adapters, one for each place where a media server may run.
  { from: 'server/calls/embedded.ts', may: [...server, 'sfu/'] },
  { from: 'server/calls/remote.ts', may: [...server, 'sfu/'] },
  { from: 'server/calls/refusal.ts', may: [...server, 'sfu/'] },
  { from: 'server/store/migrate.ts', may: [...server, 'migrations/'] },
  { from: 'server/', may: server },

  // ws: its control by the server, where it is a process of its own.
  { from: 'sfu/', may: ['sfu/', 'protocol/', '!protocol/content/', 'npm:mediasoup', 'npm:ws', 'node:'] },

  { from: 'client/core/', may: ['client/core/', 'protocol/', 'crypto/', 'npm:@preact/signals-core'] },
  // Names the address of each worker's entry for the one Trusted Types policy; it imports no code from there.
  { from: 'client/platform/trusted-urls.ts', may: ['client/platform/', 'client/workers/'] },
  // Both ends of a call's link.
  { from: 'client/platform/call-link', may: ['client/platform/', 'client/core/calls/'] },
  // The window's part of calls: does what core asks, and has what screens ask for.
  {
    from: 'client/platform/calls/',
    may: [
      'client/platform/',
      'client/core/calls/call-window.ts',
      'client/core/calls/media-messages.ts',
      'client/ui/calls/stage.ts',
      'protocol/calls/',
      'protocol/content/call-said.ts',
      'npm:@preact/signals-core',
      'npm:mediasoup-client',
    ],
  },
  {
    from: 'client/platform/',
    may: ['client/platform/', 'client/core/ports.ts', 'client/core/worker-messages.ts'],
  },
  { from: 'client/workers/', may: ['client/workers/', 'client/core/', 'client/platform/', 'crypto/'] },
  {
    from: 'client/ui/',
    may: ['client/ui/', 'client/core/door.ts', 'npm:preact', 'npm:@preact/signals', 'npm:lucide', 'npm:qr'],
  },
  {
    from: 'client/cli/',
    may: ['client/cli/', 'client/core/', 'protocol/', 'crypto/', 'npm:@signalapp/libsignal-client', 'node:'],
  },
  { from: 'client/vite.config.ts', may: ['client/build/', 'npm:vite', 'npm:@preact/preset-vite', 'node:'] },
  { from: 'client/build/', may: ['client/build/', 'npm:vite', 'node:'] },
  // The client's composition root.
  {
    from: 'client/main.tsx',
    may: ['client/', '!client/cli/', '!client/build/', 'npm:preact', 'npm:@preact/signals'],
  },

  { from: 'test/', may: everything },
  { from: 'bench/', may: everything },
  { from: 'deploy/', may: everything },
  { from: 'playwright.config.ts', may: ['test/support/', 'npm:@playwright/test', 'node:'] },
];

/** Where everything that is declared anywhere may be used: these rooms do not ship. */
export const workshops: readonly string[] = [
  'test/',
  'bench/',
  'deploy/',
  'playwright.config.ts',
  'client/vite.config.ts',
  'client/build/',
];

function covers(entry: string, target: string): boolean {
  if (entry.endsWith('*')) return target.startsWith(entry.slice(0, -1));
  if (entry.startsWith('npm:')) return target === entry;
  if (entry === 'node:') return target.startsWith('node:');
  return !target.startsWith('npm:') && !target.startsWith('node:') && target.startsWith(entry);
}

/** The line of the table for a file, if it lies in a room. */
export function ruleFor(path: string): Rule | undefined {
  return table.find(({ from }) => path.startsWith(from));
}

/** Whether the table has the edge. `target` is a path in the repository, `npm:<package>` or `node:<module>`. */
export function isAllowed(rule: Rule, target: string): boolean {
  const denied = rule.may.filter((entry) => entry.startsWith('!')).map((entry) => entry.slice(1));
  if (denied.some((entry) => covers(entry, target))) return false;
  return rule.may.some((entry) => !entry.startsWith('!') && covers(entry, target));
}
