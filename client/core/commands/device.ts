/** Commands about this device alone: its lock, its notifications, its connection, and wiping it. */
import { LEVELS } from '../notices.ts';
import type { Commands } from '../view.ts';
import type { CommandNeeds } from './needs.ts';

export function deviceCommands({ life }: CommandNeeds) {
  return {
    wipe: () => life.wipe(),
    setLock: ({ passphrase, afterMs }) => life.lock.set(passphrase, afterMs),
    clearLock: (passphrase) => life.lock.clear(passphrase),
    lock: () => life.lock.lock(),
    unlock: (passphrase) => life.lock.unlock(passphrase),
    noteActivity: async () => life.lock.noteActivity(),
    readFaults: async () => life.home().readFaults(),
    setNotices: async (level) => {
      life.home();
      if (LEVELS.includes(level)) await life.notices?.setLevel(level);
    },
    findNoticed: async (token) => life.notices?.find(token),
    connectNow: async () => life.home().connection.connectNow(),
  } satisfies Partial<Commands>;
}
