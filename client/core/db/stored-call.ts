/** The ring that this device hears, while it rings: whichever tab takes the account over can take the call. Key `ring`. */
import type { Call } from '@tacet/protocol/content/call';
import type { AccountId, CallId, DeviceId } from '@tacet/protocol/ids';

export interface StoredRing {
  readonly call: CallId;
  readonly account: AccountId;
  readonly device: DeviceId;
  /** As the seal proved it, 33 bytes. */
  readonly identityKey: Uint8Array;
  /** When it came, ms by this device's clock. */
  readonly at: number;
  readonly ring: Extract<Call, { readonly what: 'ring' }>;
}
