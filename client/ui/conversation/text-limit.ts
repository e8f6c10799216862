/** How long a message may be, for the composer. A test holds it against the wire's limit. */

/** Longest text of a message, UTF-16 units. */
export const TEXT_MAX = 16_000;
/** From here on the room left is shown. */
export const TEXT_NEAR_MAX = 15_000;
