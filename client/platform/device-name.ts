/**
 * What a new device is called until its person names it: the browser's and the system's own names, as far as the browser tells. It goes
 * into the sealed account record and nowhere else.
 */

/** Marks in a user agent, the more particular ones first: many browsers name those that they descend from. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

function nameIn(agent: string, marks: readonly (readonly [RegExp, string])[]): string | undefined {
  return marks.find(([mark]) => mark.test(agent))?.[1];
}

/** For example `Firefox · Linux`. */
export function readDeviceName(agent: string = navigator.userAgent): string {
  const names = [nameIn(agent, BROWSERS), nameIn(agent, SYSTEMS)].filter((name) => name !== undefined);
  return names.length === 0 ? 'Browser' : names.join(' · ');
}
