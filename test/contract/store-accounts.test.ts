import { openSqliteStore } from '../support/open-store.ts';
import { accountStoresContract } from './store-accounts.ts';
import { resetStoreContract } from './store-resets.ts';

accountStoresContract('SQLite', openSqliteStore);
resetStoreContract('SQLite', openSqliteStore);
