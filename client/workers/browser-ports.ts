/** Everything that core asks of the world, as this browser gives it to a worker. */
import type { Ports } from '../core/ports.ts';
import { browserClock } from '../platform/clock.ts';
import { browserHttp } from '../platform/http.ts';
import { openIndexedDb } from '../platform/indexeddb.ts';
import { openKeyring } from '../platform/keyring.ts';
import { onBrowserNetworkChange } from '../platform/network.ts';
import { openOwnerLock } from '../platform/owner-lock.ts';
import { browserRandom } from '../platform/random.ts';
import { openBrowserSocket } from '../platform/web-socket.ts';
import { openPersistRequest, type LinkEnd } from '../platform/window-link.ts';
import { softwareSigner } from './software-signer.ts';

/** The ports of the worker whose global scope is given. */
export function openBrowserPorts(scope: LinkEnd): Ports {
  return {
    origin: location.origin,
    clock: browserClock,
    random: browserRandom,
    openDatabase: openIndexedDb,
    keyring: openKeyring('tacet-keys', openIndexedDb, softwareSigner),
    http: browserHttp,
    openSocket: openBrowserSocket,
    lock: openOwnerLock('tacet-owner'),
    persistStorage: openPersistRequest(scope),
    onNetworkChange: onBrowserNetworkChange,
  };
}
