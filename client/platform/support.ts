/** Whether this browser can run Tacet at all, and whether it lets pages keep data. Asked once, before anything starts. */

/** What is missing, if anything. */
export type Support =
  | { readonly kind: 'supported' }
  /** Old or restricted; `missing` names the feature for whoever helps. */
  | { readonly kind: 'unsupported'; readonly missing: string }
  /** Plain http on another address than localhost: browsers then withhold cryptography. */
  | { readonly kind: 'insecure' }
  /** Data may not be kept: private windows of some browsers, or blocked by the person. */
  | { readonly kind: 'no-storage' };

/** A feature by the name under which it is known, and whether it is there. */
const FEATURES: readonly (readonly [string, () => boolean])[] = [
  ['WebAssembly', () => typeof WebAssembly === 'object'],
  ['Web Crypto', () => typeof crypto.subtle === 'object'],
  ['Web Locks', () => 'locks' in navigator],
  ['module workers', () => typeof Worker === 'function'],
  ['AbortSignal.timeout', () => typeof AbortSignal.timeout === 'function'],
  ['dialogs', () => typeof HTMLDialogElement === 'function'],
  ['light-dark() colours', () => CSS.supports('color', 'light-dark(#fff, #000)')],
];

function canStore(): Promise<boolean> {
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

/** Looks for everything that Tacet cannot do without. */
export async function readSupport(): Promise<Support> {
  if (!isSecureContext) return { kind: 'insecure' };
  const missing = FEATURES.find(([, has]) => !has());
  if (missing !== undefined) return { kind: 'unsupported', missing: missing[0] };
  if (typeof indexedDB !== 'object' || !(await canStore())) return { kind: 'no-storage' };
  return { kind: 'supported' };
}
