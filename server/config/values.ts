/** One setting at a time: its text read as what it is meant to be. All but the checks throw `ConfigError`. */
import { isIP } from 'node:net';
import { settings, type SettingName, type SettingTexts } from './env.ts';

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

/** What was given, else the default. */
export function textOf(texts: SettingTexts, name: SettingName): string {
  return texts[name] ?? settings.find((setting) => setting.name === name)?.default ?? '';
}

/** A text that `holds` takes. */
export function matching(texts: SettingTexts, name: SettingName, holds: (text: string) => boolean): string {
  const text = textOf(texts, name);
  if (!holds(text)) throw new ConfigError(name, text);
  return text;
}

/** A number in bounds. */
export function number(
  texts: SettingTexts,
  name: SettingName,
  least: number,
  most: number,
  whole: boolean,
): number {
  const text = textOf(texts, name);
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most) || (whole && !Number.isInteger(value)))
    throw new ConfigError(name, text);
  return value;
}

/** Yes or no. */
export function flag(texts: SettingTexts, name: SettingName): boolean {
  const text = textOf(texts, name);
  if (text !== 'yes' && text !== 'no') throw new ConfigError(name, text);
  return text === 'yes';
}

/** One of some words. */
export function choice<Choice extends string>(
  texts: SettingTexts,
  name: SettingName,
  choices: readonly Choice[],
): Choice {
  const text = textOf(texts, name);
  const found = choices.find((one) => one === text);
  if (found === undefined) throw new ConfigError(name, text);
  return found;
}

/** What stands between commas; nothing where nothing is given. */
export function list(
  texts: SettingTexts,
  name: SettingName,
  holds: (item: string) => boolean,
): readonly string[] {
  const text = textOf(texts, name);
  if (text === '') return [];
  const items = text.split(',').map((item) => item.trim());
  if (!items.every(holds)) throw new ConfigError(name, text);
  return items;
}

/** An IP address or a host name. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/.test(text);
}

/** What can be a path. */
export function isPath(text: string): boolean {
  return text !== '' && !text.includes('\0');
}

/** A name that people read. */
export function isDisplayName(text: string): boolean {
  return text.length >= 1 && text.length <= 64 && !/\p{Cc}/u.test(text);
}

/** A web origin (RFC 6454). */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text;
}

/** An address, a network, or this machine. */
export function isProxy(text: string): boolean {
  if (text === 'loopback') return true;
  const [address = '', bits, ...rest] = text.split('/');
  const kind = isIP(address);
  if (kind === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128));
}
