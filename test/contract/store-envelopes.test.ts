import { openSqliteStore } from '../support/open-store.ts';
import { envelopeStoreContract } from './store-envelopes.ts';

envelopeStoreContract('SQLite', openSqliteStore);
