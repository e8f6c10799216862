/**
 * Settings → the checked tree that the server works with. Whatever is wrong stops the start with one sentence that names the setting,
 * its value and what is allowed; the value of a secret is never repeated.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { LIMITS } from '@tacet/protocol/limits';
import { buildCallsConfig, type CallsConfig } from './calls.ts';
import { settings, type SettingName, type SettingTexts } from './env.ts';
import {
  choice,
  ConfigError,
  flag,
  isDisplayName,
  isHost,
  isOrigin,
  isPath,
  isProxy,
  list,
  matching,
  number,
} from './values.ts';

const DAY_MS = 24 * 60 * 60_000;
/** A message that waited longer than clients keep the keys for it could be opened by nobody. */
const QUEUE_AGE_DAYS = [LIMITS.queueMinAgeMs / DAY_MS, LIMITS.queueAgeMs / DAY_MS] as const;
const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
const METRICS = ['off', 'loopback', 'token'] as const;

/** Everything an operator decides, secrets excepted. */
export interface Config {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Absolute path. */
  readonly dataDir: string;
  /** Empty: localhost and 127.0.0.1 at the port that is listened on. */
  readonly origins: readonly string[];
  readonly name: string;
  readonly openSignUp: boolean;
  readonly rateFactor: number;
  readonly queueAgeMs: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Addresses and networks of reverse proxies that are believed. */
  readonly trustProxy: readonly string[];
  readonly metrics: (typeof METRICS)[number];
  readonly calls: CallsConfig;
  /** Absolute path of the built client. */
  readonly clientDir: string;
  /** Absolute path of the file with the passphrase of backups; for the commands alone. */
  readonly backupKeyFile: string | undefined;
}

/** Adds the settings of the file that `TACET_CONFIG` names; the environment wins. Throws `ConfigError`. */
export function withConfigFile(environment: SettingTexts): SettingTexts {
  const path = environment.TACET_CONFIG;
  if (path === undefined) return environment;
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new ConfigError('TACET_CONFIG', path);
  }
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new ConfigError('TACET_CONFIG', path);
  const texts: Partial<Record<SettingName, string>> = {};
  for (const [key, value] of Object.entries(file)) {
    const name = settings.find((setting) => setting.name === key)?.name;
    if (name === undefined || name === 'TACET_CONFIG')
      throw new ConfigError('TACET_CONFIG', `${path} (with ${key})`);
    texts[name] = settingText(name, value);
  }
  return { ...texts, ...environment };
}

function settingText(name: SettingName, value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',');
  throw new ConfigError(name, JSON.stringify(value));
}

/** Checks every setting. Throws `ConfigError`. */
export function buildConfig(texts: SettingTexts): Config {
  const { TACET_METRICS_TOKEN: token } = texts;
  const metrics = choice(texts, 'TACET_METRICS', METRICS);
  if (metrics === 'token' && token === undefined) throw new ConfigError('TACET_METRICS_TOKEN', undefined);
  const host = matching(texts, 'TACET_HOST', isHost);
  const origins = list(texts, 'TACET_ORIGIN', isOrigin);
  const built = fileURLToPath(new URL('../../client/dist', import.meta.url));
  return {
    host,
    port: number(texts, 'TACET_PORT', 0, 65_535, true),
    dataDir: resolve(matching(texts, 'TACET_DATA_DIR', isPath)),
    origins,
    name: matching(texts, 'TACET_NAME', isDisplayName),
    openSignUp: flag(texts, 'TACET_OPEN_SIGN_UP'),
    rateFactor: number(texts, 'TACET_RATE_FACTOR', 0.1, 1000, false),
    queueAgeMs: number(texts, 'TACET_QUEUE_AGE_DAYS', ...QUEUE_AGE_DAYS, true) * DAY_MS,
    logLevel: choice(texts, 'TACET_LOG_LEVEL', LOG_LEVELS),
    trustProxy: list(texts, 'TACET_TRUST_PROXY', isProxy),
    metrics,
    calls: buildCallsConfig(texts, host, origins),
    clientDir:
      texts.TACET_CLIENT_DIR === undefined ? built : resolve(matching(texts, 'TACET_CLIENT_DIR', isPath)),
    backupKeyFile:
      texts.TACET_BACKUP_KEY_FILE === undefined
        ? undefined
        : resolve(matching(texts, 'TACET_BACKUP_KEY_FILE', isPath)),
  };
}
