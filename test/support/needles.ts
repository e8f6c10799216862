// Looks for a secret in bytes, in every dress in which a program would carry it: raw, UTF-16, hex, base64 and base64url
// at each of the three alignments.

/** The forms of a secret that are looked for. At least 12 bytes, so that chance finds nothing. */
function formsOf(secret: Uint8Array): readonly Buffer[] {
  if (secret.length < 12) throw new Error('too short to be told from chance');
  const raw = Buffer.from(secret);
  const base64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), raw]).toString('base64');
    // Characters that also depend on what stands before or after the secret are cut off.
    const own = text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + raw.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const hex = raw.toString('hex');
  return [
    raw,
    Buffer.from(raw.toString('utf8'), 'utf16le'),
    ...[...base64, hex, hex.toUpperCase()].map((text) => Buffer.from(text)),
  ];
}

/** Whether the secret stands in the bytes in any form. */
export function holds(haystack: Uint8Array, secret: Uint8Array | string): boolean {
  const bytes = Buffer.from(haystack);
  const wanted = typeof secret === 'string' ? Buffer.from(secret) : secret;
  return formsOf(wanted).some((form) => bytes.includes(form));
}
