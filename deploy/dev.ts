// `npm run dev`: the server restarts when its files change, the client is served by Vite and reloads in place. People
// open one address, Vite's; it passes what belongs to the server on.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createServer } from 'vite';

const root = join(import.meta.dirname, '..');
const port = Number(process.env['TACET_PORT'] ?? 8080);
const serverPort = port + 10;
const target = `http://127.0.0.1:${serverPort}`;

const server = spawn(process.execPath, ['--watch', '--watch-preserve-output', 'server/main.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    TACET_HOST: '127.0.0.1',
    TACET_PORT: String(serverPort),
    TACET_ORIGIN: `http://localhost:${port}`,
  },
});

const vite = await createServer({
  root: join(root, 'client'),
  configFile: join(root, 'client', 'vite.config.ts'),
  server: { port, strictPort: true, proxy: { '/v1': { target, ws: true }, '/health': { target } } },
});
await vite.listen();
console.log(`Open http://localhost:${port} (Vite); the server behind it listens on ${serverPort}.`);

async function stop(): Promise<void> {
  server.kill('SIGTERM');
  await vite.close();
  process.exitCode = 0;
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stop().catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
  });
server.once('exit', () => {
  vite.close().catch(() => undefined);
});
