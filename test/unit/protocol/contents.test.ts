import t from 'tap';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { CONTENTS, encodeBody, parseContent, type Content } from '@tacet/protocol/content/index';
import {
  CONTENT_VERSION,
  ContentFrame,
  encodeForDevice,
  parseForDevice,
} from '@tacet/protocol/content/frame';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { signedLogin, signedRenewal } from '@tacet/protocol/signed/requests';

const id = new Uint8Array(16).fill(1);
const hash = new Uint8Array(32).fill(2);
const list = { counter: 1, hash };

const SAMPLES: readonly Content[] = [
  { kind: 'text', body: { text: 'Grüße 👋 שלום' } },
  {
    kind: 'text',
    body: {
      text: 'yes',
      reply: { author: id, message: id, text: 'shall we?' },
      timer: { seconds: 60, revision: 2 },
    },
  },
  { kind: 'reaction', body: { author: id, message: id, emoji: '👍🏽', revision: 1 } },
  { kind: 'reaction', body: { author: id, message: id, revision: 2 } },
  { kind: 'edit', body: { message: id, revision: 1, text: 'better' } },
  { kind: 'delete', body: { message: id } },
  { kind: 'timer', body: { seconds: 0, revision: 3 } },
  { kind: 'sync', body: { what: 'removed', account: id, messages: [{ author: id, message: id }] } },
  { kind: 'sync', body: { what: 'passphrase' } },
  { kind: 'profile', body: { profileKey: hash, deliveryKey: hash } },
  { kind: 'profile', body: { profileKey: hash, deliveryKey: hash, invite: { code: id, mac: hash } } },
  {
    kind: 'profile',
    body: { profileKey: hash, deliveryKey: hash, invite: { code: id, mac: hash, nonce: hash } },
  },
  { kind: 'encounter', body: { what: 'number', code: id, nonce: hash } },
  { kind: 'encounter', body: { what: 'confirm', code: id, mac: hash } },
  { kind: 'delivered', body: { messages: [id] } },
  { kind: 'read', body: { messages: [id, id] } },
  { kind: 'typing', body: { on: true } },
  { kind: 'sync', body: { what: 'read', account: id, messages: [id] } },
  { kind: 'sync', body: { what: 'read', account: id, messages: [], calls: [id] } },
  { kind: 'sync', body: { what: 'record', version: 3 } },
  { kind: 'retry', body: { what: 'envelope', envelope: id } },
  { kind: 'retry', body: { what: 'missing', epoch: id, numbers: [1, 2] } },
  {
    kind: 'call',
    body: {
      what: 'ring',
      call: id,
      secret: hash,
      media: 'video',
      join: id,
      commitment: hash,
      offer: 'v=0',
    },
  },
  { kind: 'call', body: { what: 'heard', call: id } },
  { kind: 'call', body: { what: 'accept', call: id, media: 'audio', join: id, nonce: hash } },
  {
    kind: 'call',
    body: { what: 'accept', call: id, media: 'video', join: id, nonce: hash, answer: 'v=0', said: id },
  },
  { kind: 'call', body: { what: 'chosen', call: id, device: id, nonce: hash } },
  { kind: 'call', body: { what: 'candidates', call: id, lines: ['candidate:1'] } },
  { kind: 'call', body: { what: 'again', call: id, round: 1, offer: 'v=0' } },
  { kind: 'call', body: { what: 'answered', call: id, round: 1, answer: 'v=0' } },
  { kind: 'call', body: { what: 'relayed', call: id } },
  { kind: 'call', body: { what: 'end', call: id, why: 'busy' } },
];

function frame(content: Content, over: Partial<ContentFrame> = {}): ContentFrame {
  return {
    v: CONTENT_VERSION,
    id,
    sentAt: 1_700_000_000_000,
    from: { account: id, device: id, list },
    to: { account: id, list },
    kind: content.kind,
    critical: CONTENTS[content.kind].critical,
    body: encodeBody(content),
    ...over,
  };
}

t.test('every kind of content comes back from its padded frame', (t) => {
  for (const content of SAMPLES) {
    const padded = encodeForDevice({ frame: encodeCbor(frame(content)) });
    t.equal(padded.length, 512, 'the bucket tells nothing of the kind');
    t.same(parseContent(parseCbor(ContentFrame, parseForDevice(padded).frame)), content);
  }
  t.same(
    new Set(SAMPLES.map((content) => content.kind)),
    new Set(Object.keys(CONTENTS)),
    'every kind has a sample',
  );
  t.end();
});

t.test('a kind or version of the future is told as such, not taken for broken', (t) => {
  const [text] = SAMPLES;
  if (text === undefined) throw new Error('no sample');
  t.match(parseContent(frame(text, { kind: 'poll', critical: true })), {
    kind: 'unknown',
    named: 'poll',
    critical: true,
  });
  t.match(parseContent(frame(text, { v: CONTENT_VERSION + 1 })), { kind: 'unknown', named: 'text' });
  t.match(parseContent(frame(text, { kind: 'constructor' })), { kind: 'unknown' });
  t.end();
});

t.test('a body of one kind under the name of another is refused', (t) => {
  for (const content of SAMPLES) {
    for (const kind of Object.keys(CONTENTS)) {
      if (kind === content.kind || (content.kind === 'delivered' && kind === 'read')) continue;
      if (content.kind === 'read' && kind === 'delivered') continue;
      t.throws(
        () => parseContent(frame(content, { kind })),
        { code: 'malformed-frame' },
        `${content.kind} as ${kind}`,
      );
    }
  }
  t.end();
});

t.test('a reaction is one emoji and nothing else', (t) => {
  const reaction = (emoji: string): Content => ({
    kind: 'reaction',
    body: { author: id, message: id, emoji, revision: 1 },
  });
  const family = '👩🏽‍❤️‍💋‍👨🏿';
  for (const emoji of ['👍', '❤️', '👍🏽', '👨‍👩‍👧‍👦', family, '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🇩🇪', '5️⃣', '☺']) {
    t.same(parseContent(frame(reaction(emoji))), reaction(emoji), emoji);
  }
  const refused = ['', ' ', 'a', 'ok', '5', '#', '👍👍', '👍 ', '<b>', 'e\u0301', `👍${'\u0301'.repeat(5)}`];
  for (const emoji of [...refused, '\u200d', '\ufe0f', '🏽', '👍'.repeat(20), `👩${'\u200d👩'.repeat(12)}`]) {
    t.throws(() => parseContent(frame(reaction(emoji))), { code: 'malformed-frame' }, JSON.stringify(emoji));
  }
  t.end();
});

t.test('what is said about messages is held to its limits', (t) => {
  const bodies: readonly (readonly [keyof typeof CONTENTS, unknown])[] = [
    ['text', { text: 'x', reply: { author: id, message: id, text: 'q'.repeat(161) } }],
    ['text', { text: 'x', timer: { seconds: -1, revision: 1 } }],
    ['text', { text: 'x', timer: { seconds: 366 * 86_400, revision: 1 } }],
    ['text', { text: 'x', timer: { seconds: 1.5, revision: 1 } }],
    ['text', { text: 'x', timer: { seconds: 1, revision: 0 } }],
    ['timer', { seconds: 60 }],
    ['timer', { seconds: '60', revision: 1 }],
    ['reaction', { author: id, message: id, emoji: '👍', revision: 0 }],
    ['reaction', { author: id, message: id, emoji: '👍', revision: 1_001 }],
    ['reaction', { message: id, emoji: '👍', revision: 1 }],
    ['edit', { message: id, revision: 101, text: 'x' }],
    ['edit', { message: id, revision: 1, text: '' }],
    ['edit', { message: id, revision: 1, text: 'x'.repeat(16_001) }],
    ['edit', { message: id, revision: 1, text: 'x', author: id }],
    ['delete', { message: id.subarray(1) }],
    ['delete', { message: id, author: id }],
    ['sync', { what: 'removed', account: id, messages: [] }],
  ];
  for (const [kind, body] of bodies) {
    const { critical } = CONTENTS[kind];
    t.throws(
      () => parseContent({ v: CONTENT_VERSION, kind, critical, body: encodeCbor(body) }),
      { code: 'malformed-frame' },
      `${kind} ${JSON.stringify(body).slice(0, 60)}`,
    );
  }
  t.end();
});

t.test('an older reader is told of what was said, and passes over a reaction', (t) => {
  const critical = Object.entries(CONTENTS).flatMap(([kind, each]) => (each.critical ? [kind] : []));
  t.strictSame(critical.toSorted(), ['delete', 'edit', 'text', 'timer']);
  t.end();
});

t.test('one signed structure never passes for another', (t) => {
  t.equal(new Set(Object.values(SIGNED_LABELS)).size, Object.keys(SIGNED_LABELS).length, 'labels differ');
  const renewal = signedRenewal.encode({ origin: 'http://localhost:8080', challenge: hash, device: id });
  t.same(signedRenewal.parse(renewal).device, id);
  for (const other of [signedLogin, signedDeviceList]) {
    t.throws(() => other.parse(renewal), { code: 'malformed-frame' }, other.purpose);
  }
  t.throws(() => signedRenewal.parse(renewal.subarray(0, renewal.length - 1)), { code: 'malformed-frame' });
  t.throws(() => signedRenewal.parse(Uint8Array.from([...renewal, 0])), { code: 'malformed-frame' });
  t.end();
});
