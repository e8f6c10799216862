/** The parts of core that are there before anybody is signed in, made once by `client.ts`. */
import type { PassphraseStrength } from './account/passphrase-strength.ts';
import type { Background } from './background.ts';
import type { Engine } from './engine.ts';
import type { Ports } from './ports.ts';
import type { SharedState } from './shown/state.ts';
import type { Rest } from './transport/rest.ts';

export interface CoreParts {
  readonly ports: Ports;
  readonly engine: Engine;
  readonly rest: Rest;
  readonly state: SharedState;
  readonly background: Background;
  readonly strength: PassphraseStrength;
  /** Resolves once the cryptography is loaded. */
  readonly ready: Promise<void>;
  /** Whether the person looks at any view. */
  readonly isWatched: () => boolean;
  /** Another client has claimed the database. */
  readonly lost: () => void;
}
