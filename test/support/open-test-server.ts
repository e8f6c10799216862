/** A real server in this process: free port, real SQLite file in a folder of its own, everything closed by `await using`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openServer, type Overrides, type RunningServer } from '../../server/compose.ts';
import { buildConfig } from '../../server/config/config.ts';
import type { SettingTexts } from '../../server/config/env.ts';
import { buildSecrets } from '../../server/config/secrets.ts';
import { WITHOUT_CALLS } from './call-settings.ts';

export interface TestServer extends RunningServer, AsyncDisposable {
  /** `http://127.0.0.1:<port>`, one of the allowed origins. */
  readonly url: string;
  readonly dataDir: string;
}

export interface TestServerOptions {
  /** Kept after closing; without it a folder of its own, deleted on disposal. */
  readonly dataDir?: string;
  /** On top of: 127.0.0.1, any free port, sign-up open to all, rate limits a thousand times as wide, no log, nothing for calls. */
  readonly settings?: SettingTexts;
  readonly overrides?: Overrides;
}

/** Opens a server. */
export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'tacet-test-')));
  const texts: SettingTexts = {
    TACET_HOST: '127.0.0.1',
    TACET_PORT: '0',
    TACET_DATA_DIR: dataDir,
    TACET_OPEN_SIGN_UP: 'yes',
    TACET_RATE_FACTOR: '1000',
    TACET_LOG_LEVEL: 'silent',
    TACET_CLIENT_DIR: join(dataDir, 'no-client'),
    ...WITHOUT_CALLS,
    ...options.settings,
  };
  const server = await openServer(buildConfig(texts), buildSecrets(texts), options.overrides);
  return {
    ...server,
    url: `http://127.0.0.1:${server.port}`,
    dataDir,
    async [Symbol.asyncDispose]() {
      await server.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
