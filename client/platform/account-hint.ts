/**
 * One bit in local storage: whether this browser had an account when it was last used. It decides what is shown while core opens the
 * database (the frame of the app, or at once the welcome), nothing else.
 */

const KEY = 'tacet.account';

/** Whether an account is to be expected here. */
export function remembersAccount(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

/** Notes the state of the session that core reports. */
export function rememberAccount(session: string): void {
  try {
    if (session === 'signed-in' || session === 'locked') localStorage.setItem(KEY, '');
    else if (session === 'signed-out' || session === 'ended') localStorage.removeItem(KEY);
  } catch {
    // Without it the welcome shows for a moment.
  }
}
