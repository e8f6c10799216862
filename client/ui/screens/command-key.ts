/** The key that commands are given with: ⌘ on Apple's devices, Ctrl elsewhere. */

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** As it is printed on the key. */
export const COMMAND = isMac ? '⌘' : 'Ctrl';

/** Whether it is held. */
export function isCommand(event: { readonly metaKey: boolean; readonly ctrlKey: boolean }): boolean {
  return isMac ? event.metaKey : event.ctrlKey;
}
