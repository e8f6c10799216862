/** What went wrong, as a person is told of it. */
import type { ErrorCode } from '@tacet/protocol/errors';

/** What went wrong, for a person: a wire code, or one of the client's own. Texts live in the interface. */
export interface Failure {
  readonly code: ErrorCode | ClientErrorCode;
  /** Set where the answer says when to try again. */
  readonly retryAt?: number;
}
/** The client's own failures. */
export type ClientErrorCode =
  | 'offline'
  | 'part-missing'
  | 'passphrase-weak'
  | 'passphrase-wrong'
  | 'invite-malformed'
  | 'invite-key-mismatch'
  | 'invite-own'
  | 'username-own'
  | 'picture-unfit'
  | 'person-blocked'
  | 'server-dishonest'
  | 'key-changed'
  | 'storage-unavailable'
  | 'storage-full'
  | 'storage-damaged'
  /** A newer build has written what this one should read, here or on another own device. */
  | 'app-outdated'
  /** More people, invites and names than the account record holds. */
  | 'record-full'
  /** As many invites as an account may have open. */
  | 'invites-full'
  | 'unsupported-browser'
  | 'text-too-long'
  | 'too-late'
  | 'message-unknown'
  | 'not-signed-in'
  /** Only people who are accepted can be called. */
  | 'person-not-accepted'
  /** A call goes on here already. */
  | 'call-busy-here'
  /** The call that was to be taken is over. */
  | 'call-over'
  /** This browser, or this tab, cannot hold a call whose every frame is encrypted. */
  | 'calls-unsupported'
  | 'conversation-unknown'
  | 'cancelled'
  | 'unexpected';
