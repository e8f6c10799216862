/** Settings → secrets, kept apart from the configuration so that nothing which prints or serves the one can hold the other. */
import type { SettingName, SettingTexts } from './env.ts';
import { ConfigError } from './values.ts';

/** What must not be logged nor served. */
export interface Secrets {
  /** Bearer token for /metrics. */
  readonly metricsToken: string | undefined;
  /** Shared with the TURN server. */
  readonly turnSecret: string | undefined;
  /** Shared with the media server in a process of its own. */
  readonly sfuSecret: string | undefined;
}

/** Checks the secret settings. Throws `ConfigError`, without the value. */
export function buildSecrets(texts: SettingTexts): Secrets {
  return {
    metricsToken: secret(texts, 'TACET_METRICS_TOKEN', 16),
    turnSecret: secret(texts, 'TACET_TURN_SECRET', 16),
    sfuSecret: secret(texts, 'TACET_SFU_SECRET', 32),
  };
}

function secret(texts: SettingTexts, name: SettingName, leastChars: number): string | undefined {
  const text = texts[name];
  if (text !== undefined && (text.length < leastChars || !/^[\x21-\x7e]{1,256}$/.test(text)))
    throw new ConfigError(name, text);
  return text;
}
