/** This device itself: who it is and the keys that it keeps for daily work. The account key's private half is not among them. */
import type { WriteTx } from './db/sealed.ts';
import { T } from './db/stores.ts';
import type { OwnDevice } from './db/stored-device.ts';
import type { Engine, EngineIdentityKeyPair } from './engine.ts';
import { copyBytes } from './bytes.ts';

/** The one holder of the own device's state. */
export class OwnKeeper {
  #value: OwnDevice;
  /** The device's identity key pair, opened. */
  readonly identity: EngineIdentityKeyPair;

  constructor(engine: Engine, value: OwnDevice) {
    this.#value = value;
    this.identity = engine.IdentityKeyPair.deserialize(copyBytes(value.identity));
  }

  get value(): OwnDevice {
    return this.#value;
  }

  /** Changes it in memory and in a transaction that holds `T.own`. */
  change(tx: WriteTx, edit: (own: OwnDevice) => OwnDevice): void {
    this.#value = edit(this.#value);
    tx.put(T.own, 'own', this.#value);
  }
}
