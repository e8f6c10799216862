/** Invite links: written, read, and refused when anything about them is off. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { idOf, type InviteCode } from '@tacet/protocol/ids';
import { formatInviteLink, parseInviteLink } from '../../../client/core/account/invites.ts';

const origin = 'https://chat.example.org';
const code = idOf<InviteCode>(new Uint8Array(randomBytes(16)));
const secrets = {
  secret: new Uint8Array(randomBytes(32)),
  accountKeyHash: new Uint8Array(randomBytes(32)),
  deliveryKey: new Uint8Array(randomBytes(32)),
};

t.test('a link reads back as it was written, with blanks around it and without its origin', (t) => {
  const link = formatInviteLink(origin, code, secrets);
  t.strictSame(parseInviteLink(link, origin), { code, secrets });
  t.strictSame(parseInviteLink(`  ${link}\n`, origin), { code, secrets });
  t.strictSame(parseInviteLink(link.slice(origin.length), origin), { code, secrets });
  t.end();
});

t.test('a code to be scanned says so in its fragment, and nothing else may stand there', (t) => {
  const scanned = { ...secrets, scan: new Uint8Array(randomBytes(32)) };
  const link = formatInviteLink(origin, code, scanned);
  t.match(new URL(link).hash, /\.scan\.[A-Za-z0-9_-]{43}$/);
  t.strictSame(parseInviteLink(link, origin), { code, secrets: scanned });
  for (const text of [
    `${link}s`,
    link.slice(0, -1),
    link.slice(0, -44),
    link.replace('.scan', '.Scan'),
    link.replace('.scan', '.'),
    `${origin}/i/${code}#${link.slice(link.indexOf('.scan.'))}`,
  ]) {
    t.throws(() => parseInviteLink(text, origin), { code: 'invite-malformed' }, text);
  }
  t.end();
});

t.test('a first invite has a code and nothing else', (t) => {
  t.strictSame(parseInviteLink(`${origin}/i/${code}`, origin), { code, secrets: undefined });
  t.end();
});

t.test('a link that is damaged or of another server is refused', (t) => {
  const link = formatInviteLink(origin, code, secrets);
  const bad = [
    '',
    'hello',
    link.slice(0, -1),
    `${link}A`,
    link.replace('#', ''),
    link.replace(origin, 'https://evil.example.org'),
    `${origin}/i/${code}#`,
    `${origin}/i/${code.slice(1)}`,
    `${origin}/i/${code}?x=1`,
    `javascript:alert(1)/i/${code}`,
    link.replace('#', '#!'),
  ];
  for (const text of bad) t.throws(() => parseInviteLink(text, origin), { code: 'invite-malformed' }, text);
  t.end();
});
