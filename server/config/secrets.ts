/** Settings → secrets, kept apart from the configuration so that nothing which prints or serves the one can hold the other. */
import { ConfigError } from './config.ts';
import type { SettingTexts } from './env.ts';

/** What must not be logged nor served. */
export interface Secrets {
  /** Bearer token for /metrics. */
  readonly metricsToken: string | undefined;
}

/** Checks the secret settings. Throws `ConfigError`, without the value. */
export function buildSecrets(texts: SettingTexts): Secrets {
  const metricsToken = texts.TACET_METRICS_TOKEN;
  if (metricsToken !== undefined && !/^[\x21-\x7e]{16,256}$/.test(metricsToken)) {
    throw new ConfigError('TACET_METRICS_TOKEN', metricsToken);
  }
  return { metricsToken };
}
