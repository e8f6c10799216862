// Looks for a secret in bytes, in every dress in which a program would carry it: raw, UTF-16, hex, percent-encoded, as JSON
// writes it, base64 and base64url at each of the three alignments.

/** What a form of a secret is called, and its bytes. */
export interface Form {
  readonly dress: string;
  readonly bytes: Buffer;
}

/** A secret in every dress, each once. Chance finds a short one. */
export function formsOf(secret: Uint8Array): readonly Form[] {
  const raw = Buffer.from(secret);
  const base64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), raw]).toString('base64');
    // Characters that also depend on what stands before or after the secret are cut off.
    const own = text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + raw.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const hex = raw.toString('hex');
  const text = raw.toString('utf8');
  const isText = Buffer.from(text).equals(raw);
  const forms = [
    ['as it is', raw],
    ...[hex, hex.toUpperCase()].map((form) => ['in hex', form] as const),
    ...base64.map((form) => ['in base64', form] as const),
    ...(isText ? textForms(text) : []),
  ] as const;
  const each = forms.map(([dress, form]) => ({ dress, bytes: Buffer.from(form) }));
  return each.filter(({ bytes }, i) => each.findIndex((other) => other.bytes.equals(bytes)) === i);
}

function textForms(text: string): readonly (readonly [string, string | Buffer])[] {
  const little = Buffer.from(text, 'utf16le');
  const percent = encodeURIComponent(text);
  const json = JSON.stringify(text).slice(1, -1);
  const plain = json.replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [
    ['in UTF-16', little],
    ['in UTF-16', Buffer.from(little).swap16()],
    ...[
      percent,
      percent.replaceAll('%20', '+'),
      percent.replaceAll(/%../g, (byte) => byte.toLowerCase()),
    ].map((form) => ['percent-encoded', form] as const),
    ['in JSON', json],
    ['in JSON', plain],
  ];
}

/** Whether the secret, of at least 12 bytes so that chance finds nothing, stands in the bytes in any form. */
export function holds(haystack: Uint8Array, secret: Uint8Array | string): boolean {
  const bytes = Buffer.from(haystack);
  const wanted = typeof secret === 'string' ? Buffer.from(secret) : secret;
  if (wanted.length < 12) throw new Error('too short to be told from chance');
  return formsOf(wanted).some((form) => bytes.includes(form.bytes));
}
