/** Whether this browser can run Tacet at all, and whether it lets pages keep data. Asked before anything starts. */

/** What is missing, if anything. */
export type Support =
  | { readonly kind: 'supported' }
  /** Old or restricted; `missing` names the feature for whoever helps. */
  | { readonly kind: 'unsupported'; readonly missing: string }
  /** Plain http on another address than localhost: browsers then withhold cryptography. */
  | { readonly kind: 'insecure' }
  /** The browser inside another app: shares nothing with the person's own and forgets what it stores. */
  | { readonly kind: 'in-app' };

/** How the browsers inside widespread apps name themselves. */
const IN_APP = /\b(?:FBAN|FBAV|Instagram|Line\/|MicroMessenger|Snapchat|TikTok|BytedanceWebview|LinkedInApp)/;

/** A feature by the name under which it is known, and whether it is there. */
const FEATURES: readonly (readonly [string, () => boolean])[] = [
  ['WebAssembly', () => typeof WebAssembly === 'object'],
  ['Web Crypto', () => typeof crypto.subtle === 'object'],
  ['IndexedDB', () => typeof indexedDB === 'object'],
  ['Web Locks', () => 'locks' in navigator],
  ['module workers', () => typeof Worker === 'function'],
  ['AbortSignal.timeout', () => typeof AbortSignal.timeout === 'function'],
  ['dialogs', () => typeof HTMLDialogElement === 'function'],
  ['light-dark() colours', () => CSS.supports('color', 'light-dark(#fff, #000)')],
];

/** Whether the browser lets this page keep data. Only trying tells. */
export function canStore(): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open('tacet-probe');
      request.addEventListener('error', () => resolve(false));
      request.addEventListener('success', () => {
        request.result.close();
        indexedDB.deleteDatabase('tacet-probe');
        resolve(true);
      });
    } catch {
      resolve(false);
    }
  });
}

/** Looks for everything that Tacet cannot do without. Whether data may be kept is asked apart, because it takes a moment. */
export function readSupport(): Support {
  if (IN_APP.test(navigator.userAgent)) return { kind: 'in-app' };
  if (!isSecureContext) return { kind: 'insecure' };
  const missing = FEATURES.find(([, has]) => !has());
  return missing === undefined ? { kind: 'supported' } : { kind: 'unsupported', missing: missing[0] };
}
