/**
 * Entry of the worker that core runs in: gathers the browser's ports, opens the one client, and serves each view whose port arrives
 * with a `serve` message.
 */
import { openClient } from '../core/client.ts';
import { ownEngine } from '../core/own-engine.ts';
import { serve } from '../core/serve.ts';
import { hasKind } from '../platform/window-link.ts';
import { openBrowserPorts } from './browser-ports.ts';

const client = openClient(openBrowserPorts(globalThis), ownEngine);

addEventListener('message', (event: MessageEvent<unknown>) => {
  const [port] = event.ports;
  if (hasKind(event.data, 'serve') && port !== undefined) serve(client, port);
});
