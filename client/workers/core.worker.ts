/** Entry of the worker that core runs in: gathers the browser's ports. */
import { openBrowserPorts } from './browser-ports.ts';

openBrowserPorts(globalThis);
