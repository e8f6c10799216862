import { openSqliteStore } from '../support/open-store.ts';
import { accountStoresContract } from './store-accounts.ts';

accountStoresContract('SQLite', openSqliteStore);
