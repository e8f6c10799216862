/** Queries of encrypted profiles. */
import type { ProfileStore } from './account-ports.ts';
import { versioned } from './accounts.ts';
import { run } from './transaction.ts';
import type { StoreEngine } from './writer.ts';

/** The profiles of a database. */
export function buildProfileStore(engine: StoreEngine): ProfileStore {
  const { build } = engine;
  return {
    get: (account) => engine.read(() => versioned(build, 'profiles', account)),
    put: (account, profile) =>
      engine.write(function* () {
        const changes = yield* run(
          build
            .updateTable('profiles')
            .set({ version: profile.version, sealed: profile.sealed })
            .where('account', '=', account)
            .where('version', '<', profile.version),
        );
        return changes === 1;
      }),
  };
}
