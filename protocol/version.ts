/**
 * The transport version. The handshake chooses this and nothing else: versions of contents and ciphers come from the peer's signed
 * device statement, with a floor in the client, so that the server cannot downgrade them.
 */

/** The transport version that this code speaks, sent in every socket hello and in the `tacet-version` header. */
export const TRANSPORT_VERSION = 1;
/** The oldest transport version that the server still answers. */
export const OLDEST_TRANSPORT_VERSION = 1;

/** Whether a server of this code can serve a client of `version`. */
export function speaks(version: number): boolean {
  return version >= OLDEST_TRANSPORT_VERSION && version <= TRANSPORT_VERSION;
}
