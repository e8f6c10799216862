import t from 'tap';
import { CONTENTS, encodeBody, parseContent, type Content } from '@tacet/protocol/content/index';
import {
  CONTENT_VERSION,
  encodeContentFrame,
  parseContentFrame,
  type ContentFrame,
} from '@tacet/protocol/content/frame';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { signedLogin, signedRenewal } from '@tacet/protocol/signed/requests';

const id = new Uint8Array(16).fill(1);
const hash = new Uint8Array(32).fill(2);
const list = { counter: 1, hash };

const SAMPLES: readonly Content[] = [
  { kind: 'text', body: { text: 'Grüße 👋 שלום' } },
  { kind: 'profile', body: { profileKey: hash, deliveryKey: hash } },
  { kind: 'profile', body: { profileKey: hash, deliveryKey: hash, invite: { code: id, mac: hash } } },
  { kind: 'delivered', body: { messages: [id] } },
  { kind: 'read', body: { messages: [id, id] } },
  { kind: 'typing', body: { on: true } },
  { kind: 'sync', body: { what: 'read', account: id, messages: [id] } },
  { kind: 'sync', body: { what: 'record', version: 3 } },
  { kind: 'retry', body: { what: 'envelope', envelope: id } },
  { kind: 'retry', body: { what: 'missing', epoch: id, numbers: [1, 2] } },
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
    const padded = encodeContentFrame(frame(content));
    t.equal(padded.length, 512, 'the bucket tells nothing of the kind');
    t.same(parseContent(parseContentFrame(padded)), content);
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
