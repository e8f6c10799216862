/** What came about a call, with whom the seal proved as its sender. */
import type { Call } from '@tacet/protocol/content/call';
import type { AccountId, DeviceId } from '@tacet/protocol/ids';

export interface SaidInCall {
  readonly account: AccountId;
  readonly device: DeviceId;
  /** 33 bytes. */
  readonly identityKey: Uint8Array;
  readonly body: Call;
  /** It waited longer than a call rings. */
  readonly isLate: boolean;
}
