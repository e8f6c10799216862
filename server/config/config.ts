/**
 * Settings → the checked tree that the server works with. Whatever is wrong stops the start with one sentence that names the setting,
 * its value and what is allowed; the value of a secret is never repeated.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { LIMITS } from '@tacet/protocol/limits';
import { settings, type SettingName, type SettingTexts } from './env.ts';

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
  /** Absolute path of the built client. */
  readonly clientDir: string;
  /** Absolute path of the file with the passphrase of backups; for the commands alone. */
  readonly backupKeyFile: string | undefined;
}

/** A setting that stops the start. The message is one sentence for the operator. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly setting: SettingName;

  constructor(setting: SettingName, value: string | undefined) {
    const rule = settings.find(({ name }) => name === setting);
    const given =
      value === undefined
        ? 'is missing'
        : rule?.kind === 'secret'
          ? 'has a value'
          : `is ${JSON.stringify(value)}`;
    super(
      `${setting} ${given}${rule?.kind === 'secret' && value !== undefined ? ' that is not allowed' : ''}; allowed is ${rule?.allowed ?? 'nothing'}.`,
    );
    this.setting = setting;
  }
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
  const built = fileURLToPath(new URL('../../client/dist', import.meta.url));
  return {
    host: matching(texts, 'TACET_HOST', isHost),
    port: number(texts, 'TACET_PORT', 0, 65_535, true),
    dataDir: resolve(matching(texts, 'TACET_DATA_DIR', isPath)),
    origins: list(texts, 'TACET_ORIGIN', isOrigin),
    name: matching(texts, 'TACET_NAME', isDisplayName),
    openSignUp: flag(texts, 'TACET_OPEN_SIGN_UP'),
    rateFactor: number(texts, 'TACET_RATE_FACTOR', 0.1, 1000, false),
    queueAgeMs: number(texts, 'TACET_QUEUE_AGE_DAYS', ...QUEUE_AGE_DAYS, true) * DAY_MS,
    logLevel: choice(texts, 'TACET_LOG_LEVEL', LOG_LEVELS),
    trustProxy: list(texts, 'TACET_TRUST_PROXY', isProxy),
    metrics,
    clientDir:
      texts.TACET_CLIENT_DIR === undefined ? built : resolve(matching(texts, 'TACET_CLIENT_DIR', isPath)),
    backupKeyFile:
      texts.TACET_BACKUP_KEY_FILE === undefined
        ? undefined
        : resolve(matching(texts, 'TACET_BACKUP_KEY_FILE', isPath)),
  };
}

function textOf(texts: SettingTexts, name: SettingName): string {
  return texts[name] ?? settings.find((setting) => setting.name === name)?.default ?? '';
}

function matching(texts: SettingTexts, name: SettingName, holds: (text: string) => boolean): string {
  const text = textOf(texts, name);
  if (!holds(text)) throw new ConfigError(name, text);
  return text;
}

function number(texts: SettingTexts, name: SettingName, least: number, most: number, whole: boolean): number {
  const text = textOf(texts, name);
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most) || (whole && !Number.isInteger(value)))
    throw new ConfigError(name, text);
  return value;
}

function flag(texts: SettingTexts, name: SettingName): boolean {
  const text = textOf(texts, name);
  if (text !== 'yes' && text !== 'no') throw new ConfigError(name, text);
  return text === 'yes';
}

function choice<Choice extends string>(
  texts: SettingTexts,
  name: SettingName,
  choices: readonly Choice[],
): Choice {
  const text = textOf(texts, name);
  const found = choices.find((one) => one === text);
  if (found === undefined) throw new ConfigError(name, text);
  return found;
}

function list(texts: SettingTexts, name: SettingName, holds: (item: string) => boolean): readonly string[] {
  const text = textOf(texts, name);
  if (text === '') return [];
  const items = text.split(',').map((item) => item.trim());
  if (!items.every(holds)) throw new ConfigError(name, text);
  return items;
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/.test(text);
}

function isPath(text: string): boolean {
  return text !== '' && !text.includes('\0');
}

function isDisplayName(text: string): boolean {
  return text.length >= 1 && text.length <= 64 && !/\p{Cc}/u.test(text);
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text;
}

function isProxy(text: string): boolean {
  if (text === 'loopback') return true;
  const [address = '', bits, ...rest] = text.split('/');
  const kind = isIP(address);
  if (kind === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128));
}
