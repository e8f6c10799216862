/** The settings of calls: what helps them to find a way, and what carries those that find none. Secrets stand in secrets.ts. */
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import type { SettingTexts } from './env.ts';
import { ConfigError, isHost, isPath, list, matching, number, textOf } from './values.ts';

const PORT_MOST = 65_535;
const WORKERS_MOST = 64;
const TURN_URL = /^turns?:[A-Za-z0-9.:[\]-]{1,255}(?:\?transport=(?:udp|tcp))?$/;

/** The media server. */
export type MediaConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'remote'; readonly url: string }
  | {
      readonly kind: 'embedded';
      readonly workers: number;
      /** Of the first worker; 0: any. */
      readonly port: number;
      readonly listenIp: string;
      /** `undefined`: told from `listenIp`. */
      readonly announcedAddress: string | undefined;
      /** The operator's own program. */
      readonly ownWorker: string | undefined;
    };

export interface CallsConfig {
  /** `undefined`: off; 0: any free port. */
  readonly stunPort: number | undefined;
  /** Where STUN is answered. */
  readonly stunAddresses: readonly string[];
  readonly turnUrls: readonly string[];
  readonly media: MediaConfig;
}

/** Checks the settings of calls. `host`, `origins`: those of the server. Throws `ConfigError`. */
export function buildCallsConfig(texts: SettingTexts, host: string, origins: readonly string[]): CallsConfig {
  const turnUrls = list(texts, 'TACET_TURN_URLS', (item) => TURN_URL.test(item));
  if (turnUrls.length > 0 && texts.TACET_TURN_SECRET === undefined)
    throw new ConfigError('TACET_TURN_SECRET', undefined);
  const isOff = textOf(texts, 'TACET_STUN_PORT') === 'off';
  return {
    stunPort: isOff ? undefined : number(texts, 'TACET_STUN_PORT', 0, PORT_MOST, true),
    stunAddresses: addressesOf(host, origins),
    turnUrls,
    media: buildMediaConfig(texts, host, origins),
  };
}

function buildMediaConfig(texts: SettingTexts, host: string, origins: readonly string[]): MediaConfig {
  if (texts.TACET_SFU_URL !== undefined) {
    if (texts.TACET_SFU_SECRET === undefined) throw new ConfigError('TACET_SFU_SECRET', undefined);
    return { kind: 'remote', url: matching(texts, 'TACET_SFU_URL', isSocketOrigin) };
  }
  const workers =
    texts.TACET_SFU_WORKERS === undefined
      ? Math.min(availableParallelism(), WORKERS_MOST)
      : number(texts, 'TACET_SFU_WORKERS', 0, WORKERS_MOST, true);
  if (workers === 0) return { kind: 'none' };
  const optional = (name: keyof SettingTexts, holds: (text: string) => boolean): string | undefined =>
    texts[name] === undefined ? undefined : matching(texts, name, holds);
  return {
    kind: 'embedded',
    workers,
    port: number(texts, 'TACET_SFU_PORT', 0, PORT_MOST - workers + 1, true),
    listenIp:
      optional('TACET_SFU_LISTEN', (text) => isIP(text) !== 0) ?? addressesOf(host, origins)[0] ?? host,
    announcedAddress: optional('TACET_SFU_ANNOUNCED_ADDRESS', isHost),
    ownWorker: optional('TACET_MEDIA_WORKER', isPath),
  };
}

/**
 * Where callers reach this machine without a proxy: everywhere, unless the server is for this machine alone or for one address. A proxy in
 * front, which the origins tell of, carries no media.
 */
function addressesOf(host: string, origins: readonly string[]): readonly string[] {
  if (origins.length === 0 && host === 'localhost') return ['127.0.0.1', '::1'];
  if (origins.length === 0 && isIP(host) !== 0 && host !== '0.0.0.0' && host !== '::') return [host];
  return ['0.0.0.0', '::'];
}

function isSocketOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin, host } = new URL(text);
  return (protocol === 'ws:' || protocol === 'wss:') && host !== '' && origin === text;
}
