/**
 * The settings that an operator may give, and the only reader of the environment. This file knows names, defaults and words;
 * `config.ts` turns the values into the checked tree that the server works with. docs/configuration.md is held against `settings`.
 */
import { LIMITS } from '@tacet/protocol/limits';

const DAY_MS = 24 * 60 * 60_000;

/** What a setting's text is read as. */
export type SettingKind = 'text' | 'integer' | 'number' | 'flag' | 'choice' | 'list' | 'secret';

/** One setting: an environment variable, or a key of the same name in the file that `TACET_CONFIG` names. */
export interface Setting {
  readonly name: `TACET_${string}`;
  readonly kind: SettingKind;
  /** What holds when it is not given; empty: nothing. */
  readonly default: string;
  /** What is allowed, in words that end a sentence. */
  readonly allowed: string;
  readonly description: string;
}

export const settings = [
  {
    name: 'TACET_CONFIG',
    kind: 'text',
    default: '',
    allowed: 'the path of a readable JSON file with an object of settings',
    description: 'A file with settings, by the same names. The environment wins over the file.',
  },
  {
    name: 'TACET_HOST',
    kind: 'text',
    default: 'localhost',
    allowed: 'an IP address or a host name',
    description:
      'The address to listen on. `localhost` is this machine alone; `0.0.0.0` or `::` is every interface.',
  },
  {
    name: 'TACET_PORT',
    kind: 'integer',
    default: '8080',
    allowed: 'a whole number from 0 to 65535',
    description: 'The port to listen on; 0 takes any free port.',
  },
  {
    name: 'TACET_DATA_DIR',
    kind: 'text',
    default: './data',
    allowed: 'the path of a folder that can be written to',
    description: 'Where the database is. The folder is made when it is missing.',
  },
  {
    name: 'TACET_ORIGIN',
    kind: 'list',
    default: '',
    allowed: 'one or more web origins such as https://chat.example.org, separated by commas',
    description:
      'Under which addresses people open this server; the first one stands in printed links. Sign-ins made for another origin are ' +
      'refused. Without it: http://localhost and http://127.0.0.1 at the port.',
  },
  {
    name: 'TACET_NAME',
    kind: 'text',
    default: 'Tacet',
    allowed: 'a text of 1 to 64 characters without control characters',
    description: 'The name shown on the welcome screen.',
  },
  {
    name: 'TACET_OPEN_SIGN_UP',
    kind: 'flag',
    default: 'no',
    allowed: 'yes or no',
    description: 'Whether anybody may sign up. `no`: only with an invite.',
  },
  {
    name: 'TACET_RATE_FACTOR',
    kind: 'number',
    default: '1',
    allowed: 'a number from 0.1 to 1000',
    description: 'Multiplies every rate limit: 2 lets twice as much through.',
  },
  {
    name: 'TACET_QUEUE_AGE_DAYS',
    kind: 'integer',
    default: String(LIMITS.queueAgeMs / DAY_MS),
    allowed: `a whole number from ${String(LIMITS.queueMinAgeMs / DAY_MS)} to ${String(LIMITS.queueAgeMs / DAY_MS)}`,
    description:
      'How many days a message waits for a device that does not fetch it; clients keep the keys for it no longer.',
  },
  {
    name: 'TACET_LOG_LEVEL',
    kind: 'choice',
    default: 'info',
    allowed: 'one of silent, error, warn, info, debug',
    description: 'How much is logged. No level logs addresses, names, tokens or contents.',
  },
  {
    name: 'TACET_TRUST_PROXY',
    kind: 'list',
    default: '',
    allowed: 'IP addresses, networks such as 10.0.0.0/8, or the word loopback, separated by commas',
    description:
      "Reverse proxies whose X-Forwarded-For is believed; rate limits by address need it. Without it the connection's own address counts.",
  },
  {
    name: 'TACET_METRICS',
    kind: 'choice',
    default: 'loopback',
    allowed: 'one of off, loopback, token',
    description:
      'Who may read /metrics: nobody, programs on this machine that come directly, or who presents TACET_METRICS_TOKEN as a bearer token.',
  },
  {
    name: 'TACET_METRICS_TOKEN',
    kind: 'secret',
    default: '',
    allowed: 'a text of 16 to 256 printable characters without spaces',
    description: 'The bearer token for /metrics; needed when TACET_METRICS is `token`.',
  },
  {
    name: 'TACET_STUN_PORT',
    kind: 'text',
    default: '3478',
    allowed: 'a whole number from 0 to 65535, or the word off',
    description:
      'The UDP port at which this server tells callers their own addresses (STUN), so that two people can call each other directly; ' +
      '0 takes any free port. With `off` more calls go through the media server.',
  },
  {
    name: 'TACET_TURN_URLS',
    kind: 'list',
    default: '',
    allowed: 'addresses such as turns:turn.example.org:5349?transport=tcp, separated by commas',
    description:
      'A TURN server of yours, such as coturn, for people in networks that let nothing but TLS out. TACET_TURN_SECRET goes with it.',
  },
  {
    name: 'TACET_TURN_SECRET',
    kind: 'secret',
    default: '',
    allowed: 'a text of 16 to 256 printable characters without spaces, together with TACET_TURN_URLS',
    description:
      'What the TURN server shares with this one (`static-auth-secret` of coturn, with `use-auth-secret`); callers get credentials for an hour.',
  },
  {
    name: 'TACET_SFU_WORKERS',
    kind: 'text',
    default: '',
    allowed: 'a whole number from 0 to 64',
    description:
      'How many processes of the media server carry calls, each with a port of its own. Without it: one for each core. 0: none, then ' +
      'calls that find no direct way, and those of more than two, do not work.',
  },
  {
    name: 'TACET_SFU_PORT',
    kind: 'integer',
    default: '44400',
    allowed: 'a whole number from 0 to 65535 that leaves room for one port for each worker',
    description:
      'Where the first worker takes the media of calls, UDP and TCP, each further one at the next port; 0 takes any free ports. ' +
      'Routers and firewalls must let them through.',
  },
  {
    name: 'TACET_SFU_LISTEN',
    kind: 'text',
    default: '',
    allowed: 'an IP address',
    description:
      'The address to take media at. Without it: the one of TACET_HOST, or every interface where TACET_ORIGIN is set.',
  },
  {
    name: 'TACET_SFU_ANNOUNCED_ADDRESS',
    kind: 'text',
    default: '',
    allowed: 'an IP address or a host name',
    description:
      'The address that callers send media to: the public one of this machine behind a router, or in a container. Without it: ' +
      'its first own IPv4 address.',
  },
  {
    name: 'TACET_MEDIA_WORKER',
    kind: 'text',
    default: '',
    allowed: 'the path of a mediasoup-worker of the version in package-lock.json',
    description:
      "The media server's program. Without it: the one in the cache folder, downloaded or built when it is missing.",
  },
  {
    name: 'TACET_SFU_URL',
    kind: 'text',
    default: '',
    allowed:
      'an address such as ws://10.0.0.5:8090 or wss://media.example.org, together with TACET_SFU_SECRET',
    description:
      'A media server that runs as a process of its own (`npm run sfu`) in place of the one in this process; the other settings of it ' +
      'are then for that process.',
  },
  {
    name: 'TACET_SFU_SECRET',
    kind: 'secret',
    default: '',
    allowed: 'a text of 32 to 256 printable characters without spaces, together with TACET_SFU_URL',
    description: 'What the media server at TACET_SFU_URL shares with this one.',
  },
  {
    name: 'TACET_CLIENT_DIR',
    kind: 'text',
    default: '',
    allowed: 'the path of a folder with a built client',
    description: 'The client to serve. Without it: the one that was built beside the server.',
  },
  {
    name: 'TACET_BACKUP_KEY_FILE',
    kind: 'text',
    default: '',
    allowed: 'the path of a readable file whose first line is the passphrase of backups',
    description:
      'Where the commands backup and restore find the passphrase; the server does not read it. Without it they ask at the terminal.',
  },
] as const satisfies readonly Setting[];

/** The name of a setting. */
export type SettingName = (typeof settings)[number]['name'];

/** Texts by setting; absent or empty means not given. */
export type SettingTexts = Readonly<Partial<Record<SettingName, string>>>;

/** The settings in the environment. */
export function readEnvironment(environment: NodeJS.ProcessEnv = process.env): SettingTexts {
  const texts: Partial<Record<SettingName, string>> = {};
  for (const { name } of settings) {
    const text = environment[name]?.trim();
    if (text !== undefined && text !== '') texts[name] = text;
  }
  return texts;
}

/** The user's folder for caches, where his environment names one (XDG Base Directory Specification). */
export function readCacheHome(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return environment['XDG_CACHE_HOME'];
}
