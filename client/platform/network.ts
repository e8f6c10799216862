/** What the device says about its network. "Online" only means that an interface is up; core still finds out by connecting. */

/** Calls back when the network came or went; the returned function ends that. Works in windows and workers. */
export function onBrowserNetworkChange(run: (online: boolean) => void): () => void {
  const online = (): void => run(true);
  const offline = (): void => run(false);
  globalThis.addEventListener('online', online);
  globalThis.addEventListener('offline', offline);
  return () => {
    globalThis.removeEventListener('online', online);
    globalThis.removeEventListener('offline', offline);
  };
}
