/**
 * Entry of the worker that every tab has: joins the other tabs, and runs core with the browser's ports while this tab owns the account.
 * The window's port arrives with a `serve` message.
 */
import { openClient } from '../core/client.ts';
import { ownEngine } from '../core/own-engine.ts';
import { openTab } from '../core/tabs/tabs.ts';
import { hasKind, tellLifeline } from '../platform/window-link.ts';
import { openBrowserPorts, openBrowserTabPorts } from './browser-ports.ts';

const ports = openBrowserPorts(globalThis);
const tab = openTab(openBrowserTabPorts(), (lost) => openClient(ports, ownEngine, lost));

addEventListener('message', (event: MessageEvent<unknown>) => {
  const [port] = event.ports;
  if (hasKind(event.data, 'serve') && port !== undefined) tab.serveWindow(port);
});

tab.lifeline.then(
  (name) => tellLifeline(globalThis, name),
  () => undefined,
);
