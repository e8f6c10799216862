// Web addresses in messages: only http and https, only honest ones, and never a changed text.

import fc from 'fast-check';
import t from 'tap';
import { isOnlyEmoji, splitLinks } from '../../../../client/ui/conversation/links.ts';
import { seedProperties } from '../../../support/seed-properties.ts';

seedProperties(t);

function linksOf(text: string): readonly string[] {
  return splitLinks(text).flatMap((piece) => (piece.kind === 'link' ? [piece.href] : []));
}

t.test('addresses are found where sentences put them', (t) => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['see https://example.org.', ['https://example.org/']],
    ['(https://example.org/a)', ['https://example.org/a']],
    ['https://example.org/a_(b) and more', ['https://example.org/a_(b)']],
    ['HTTPS://EXAMPLE.ORG/Path?', ['https://example.org/Path']],
    ['http://a.example, https://b.example!', ['http://a.example/', 'https://b.example/']],
    ['“https://example.org/x”', ['https://example.org/x']],
    ['ftp://example.org mailto:a@b.c example.org', []],
  ];
  for (const [text, expected] of cases) t.strictSame(linksOf(text), expected, text);
  t.end();
});

t.test('addresses that run code or hide their host stay text', (t) => {
  const bad = [
    'javascript:alert(1)',
    'data:text/html,<script>1</script>',
    'https://bank.example@evil.example/',
    'https://user:word@evil.example/',
    'xhttps://example.org',
    'https://',
    'https:///path',
    'http://[nonsense',
    'https://example.org/\u202egpj.exe',
    'https://\u2067example.org/x',
  ];
  for (const text of bad)
    t.strictSame(linksOf(text), text === 'https:///path' ? ['https://path/'] : [], text);
  t.end();
});

t.test('the pieces put together are the text, and every link is http or https', (t) => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom(
      'https://',
      'http://',
      'example.org',
      '/',
      '(',
      ')',
      '.',
      ' ',
      '@',
      ':',
      'javascript:',
      '"',
    ),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const pieces = splitLinks(text);
      const isWhole = pieces.map((piece) => piece.text).join('') === text;
      return isWhole && pieces.every((piece) => piece.kind === 'text' || /^https?:\/\/[^/]/.test(piece.href));
    }),
  );
  t.pass('holds for all');
  t.end();
});

t.test('one to three emoji and nothing else count as only emoji', (t) => {
  for (const text of ['😄', '👍🏽', '👩‍👩‍👧 🎉', '🇫🇷🇩🇪🇯🇵', '1️⃣', '🏴󠁧󠁢󠁳󠁣󠁴󠁿']) t.equal(isOnlyEmoji(text), true, text);
  for (const text of ['', '1', '😄 ok', '😄😄😄😄', '©', '#', 'words and a 👍'])
    t.equal(isOnlyEmoji(text), false, text);
  t.end();
});
