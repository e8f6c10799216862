/** The settings of the media server as a process of its own. Errors name the setting and what is allowed, never its value. */
import { availableParallelism } from 'node:os';
import type { SfuSettings } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that cannot be used. */
export class SfuConfigError extends Error {
  override readonly name = 'SfuConfigError';
}

export interface SfuConfig {
  readonly settings: Omit<SfuSettings, 'workerPath'>;
  /** The operator's own worker. */
  readonly ownWorker: string | undefined;
  readonly xdgCacheHome: string | undefined;
  readonly secret: string;
  /** Where the server's link is listened for. */
  readonly host: string;
  readonly controlPort: number;
}

const PORT_MOST = 65_535;
const WORKERS_MOST = 64;
const SECRET_FORM = /^[\x21-\x7e]{32,256}$/;
const MEDIA_PORT = 44_400;
const CONTROL_PORT = 8_090;

/** Checks the environment. Throws `SfuConfigError`. */
export function buildSfuConfig(env: Environment): SfuConfig {
  const secret = env['TACET_SFU_SECRET'] ?? '';
  if (!SECRET_FORM.test(secret)) {
    throw new SfuConfigError(
      'TACET_SFU_SECRET must be 32 to 256 printable characters, the same as the server has.',
    );
  }
  const workers = integer(env, 'TACET_SFU_WORKERS', availableParallelism(), 1, WORKERS_MOST);
  const port = integer(env, 'TACET_SFU_PORT', MEDIA_PORT, 1, PORT_MOST - workers + 1);
  const announcedAddress = given(env, 'TACET_SFU_ANNOUNCED_ADDRESS');
  const listenIp = given(env, 'TACET_SFU_LISTEN') ?? '0.0.0.0';
  return {
    settings: { workers, port, listenIp, ...(announcedAddress === undefined ? {} : { announcedAddress }) },
    ownWorker: given(env, 'TACET_MEDIA_WORKER'),
    xdgCacheHome: env['XDG_CACHE_HOME'],
    secret,
    host: given(env, 'TACET_SFU_CONTROL_HOST') ?? '127.0.0.1',
    controlPort: integer(env, 'TACET_SFU_CONTROL_PORT', CONTROL_PORT, 0, PORT_MOST),
  };
}

/** An empty value counts as absent, as in files that leave a variable open. */
function given(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function integer(env: Environment, name: string, byDefault: number, least: number, most: number): number {
  const text = given(env, name);
  if (text === undefined) return byDefault;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (value < least || value > most)
    throw new SfuConfigError(`${name} must be a number from ${least} to ${most}.`);
  return value;
}
