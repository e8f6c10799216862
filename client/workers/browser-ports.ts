/** Everything that core asks of the world, as this browser gives it to a worker. */
import type { Ports, TabPorts } from '../core/ports.ts';
import { openCallWindow } from '../platform/call-link.ts';
import { browserClock } from '../platform/clock.ts';
import { readDeviceName } from '../platform/device-name.ts';
import { browserHttp } from '../platform/http.ts';
import { deleteIndexedDb, openIndexedDb } from '../platform/indexeddb.ts';
import { openKeyring } from '../platform/keyring.ts';
import { browserLifelines } from '../platform/lifelines.ts';
import { onBrowserNetworkChange } from '../platform/network.ts';
import { openOwnerLock } from '../platform/owner-lock.ts';
import { browserRandom } from '../platform/random.ts';
import { openTabChannel } from '../platform/tab-channel.ts';
import { openBrowserSocket } from '../platform/web-socket.ts';
import { openNoticePort, openPersistRequest, type LinkEnd } from '../platform/window-link.ts';
import { softwareSigner } from './software-signer.ts';

/** The ports of the worker whose global scope is given. */
export function openBrowserPorts(scope: LinkEnd): Ports {
  return {
    origin: location.origin,
    clock: browserClock,
    random: browserRandom,
    openDatabase: openIndexedDb,
    deleteDatabase: deleteIndexedDb,
    keyring: openKeyring('tacet-keys', openIndexedDb, softwareSigner),
    http: browserHttp,
    openSocket: openBrowserSocket,
    deviceName: readDeviceName(),
    notices: openNoticePort(scope),
    callWindow: openCallWindow(scope),
    persistStorage: openPersistRequest(scope),
    onNetworkChange: onBrowserNetworkChange,
  };
}

/** How this worker finds the other tabs. Its own address has the hash of its content: it names the build. */
export function openBrowserTabPorts(): TabPorts {
  return {
    clock: browserClock,
    random: browserRandom,
    build: location.pathname,
    lock: openOwnerLock('tacet-owner'),
    lifelines: browserLifelines,
    openChannel: openTabChannel,
  };
}
