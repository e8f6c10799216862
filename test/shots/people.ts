/** The people and lines of the scenes: long names, emoji, right-to-left text, a word of 300 letters, failures, key changes. */
import type {
  ConversationSummary,
  Delivery,
  Line,
  OpenConversation,
  PersonView,
} from '../../client/core/door.ts';

/** The moment at which every scene plays: a Wednesday afternoon, local time. */
export const NOW = new Date(2026, 10, 18, 15, 42, 20).getTime();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function person(
  index: number,
  name: string,
  username: string | undefined,
  trust: PersonView['trust'],
): PersonView {
  return { account: `person${index}`.padEnd(22, 'A') as PersonView['account'], username, name, trust };
}

export const ADA = person(1, 'Ada Lovelace', 'ada', 'by-invite');
export const LONG = person(
  2,
  'Wolfeschlegelsteinhausenbergerdorff Maximiliana von und zu Hohenstaufen-Langenburg',
  'wolfeschlegelsteinhausen.maximil',
  'verified',
);
export const LEILA = person(3, 'ليلى حدّاد', 'leila', 'verified');
export const EMOJI: PersonView = { ...person(4, '🦊 Jun', 'jun', 'unverified'), renewals: 3 };
export const STRANGER: PersonView = {
  ...person(5, 'grace.h', undefined, 'unverified'),
  claims: 'grace.h',
};
export const TEAM = [
  person(6, 'Katherine Johnson', 'katherine', 'by-invite'),
  person(7, 'Ngozi Okonjo', 'ngozi', 'by-invite'),
  person(8, 'Émilie du Châtelet', 'emilie', 'verified'),
  person(9, 'q7mZ-4Kd', undefined, 'unverified'),
  person(10, 'Tim', 'tim', 'by-invite'),
] as const;

let nextOrder = 0;
function message(
  mine: boolean,
  text: string,
  agoMs: number,
  delivery: Delivery = mine ? { kind: 'read', at: NOW - agoMs } : { kind: 'sent' },
): Line {
  nextOrder += 1;
  return {
    kind: 'message',
    id: `line-${nextOrder}` as Extract<Line, { kind: 'message' }>['id'],
    order: nextOrder,
    mine,
    text,
    sentAt: NOW - agoMs,
    receivedAt: NOW - agoMs,
    delivery,
  };
}
function event(what: Extract<Line, { kind: 'event' }>['event'], agoMs: number): Line {
  nextOrder += 1;
  return { kind: 'event', order: nextOrder, at: NOW - agoMs, event: what };
}

const LONG_WORD = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
  .repeat(4)
  .slice(0, 300);

const ADA_LINES: readonly Line[] = [
  event({ what: 'invite-accepted' }, 2 * DAY + 2 * HOUR),
  message(false, 'Hello! The link worked on the first try.', 2 * DAY + 118 * MINUTE),
  message(true, 'Wonderful. So this is it: nobody else reads along.', 2 * DAY + 115 * MINUTE),
  message(true, 'Not even the box in my cupboard.', 2 * DAY + 114 * MINUTE),
  message(false, '😄', 2 * DAY + 113 * MINUTE),
  message(
    false,
    'I read the notes on the engine again last night. The part on Bernoulli numbers still holds up, though I would write the loop differently today. Draft is at https://example.org/notes/(g)?page=2, tell me what you think.',
    DAY + 5 * HOUR,
  ),
  message(true, `Will do. One word for you meanwhile: ${LONG_WORD}`, DAY + 4.9 * HOUR),
  message(false, 'שלום! זה מימין לשמאל, עם English באמצע.', DAY + 3 * HOUR),
  message(false, 'السلام عليكم', DAY + 3 * HOUR - MINUTE),
  event({ what: 'key-changed' }, 3 * HOUR),
  message(false, 'New laptop, sorry about the notice.', 3 * HOUR - 2 * MINUTE),
  message(true, 'I guessed so. Let us compare numbers on Friday.', 2.8 * HOUR),
  event({ what: 'gap', missing: 2 }, 2 * HOUR),
  message(
    false,
    'Are you coming to the reading tonight?\nIt starts at seven, doors at half past six.',
    14 * MINUTE,
  ),
  message(false, 'I kept you a seat', 13 * MINUTE),
  message(true, 'Yes, leaving at six', 6 * MINUTE, { kind: 'read', at: NOW - 5 * MINUTE }),
  message(true, 'I will bring the draft with notes in the margin', 5 * MINUTE, {
    kind: 'delivered',
    at: NOW,
  }),
  message(true, 'And the cake', 2 * MINUTE, { kind: 'failed', failure: { code: 'queue-full' } }),
  message(true, 'Does the side door open?', 10_000, { kind: 'sending' }),
];

const LEILA_LINES: readonly Line[] = [
  message(false, 'مرحبا، هل وصلت الرسالة؟', 50 * MINUTE),
  message(true, 'نعم، شكراً! سأردّ غداً.', 45 * MINUTE),
  message(false, 'ممتاز 👍🏽', 44 * MINUTE),
];

const CALLED_LINES: readonly Line[] = [
  message(false, 'Shall we talk?', 3 * HOUR),
  event({ what: 'call', media: 'audio', mine: true, outcome: 'no-answer' }, 2.9 * HOUR),
  event({ what: 'call', media: 'video', mine: false, outcome: 'hung-up', talkedMs: 3_902_000 }, 2.5 * HOUR),
  message(true, 'That was good', 80 * MINUTE),
  event({ what: 'call', media: 'audio', mine: true, outcome: 'busy' }, 70 * MINUTE),
  event({ what: 'call', media: 'audio', mine: false, outcome: 'elsewhere' }, 60 * MINUTE),
  event({ what: 'call', media: 'video', mine: false, outcome: 'missed' }, 12 * MINUTE),
];

const MANY_LINES: readonly Line[] = Array.from({ length: 120 }, (_, i) =>
  message(
    i % 7 === 3,
    `Line ${i + 1} of the long one. ${'More of it follows. '.repeat(i % 4)}`,
    (200 - i) * MINUTE,
  ),
);

type MessageLine = Extract<Line, { kind: 'message' }>;

/** A message with what was said about it. */
function said(mine: boolean, words: string, agoMs: number, more: Partial<MessageLine>): Line {
  return { ...(message(mine, words, agoMs) as MessageLine), ...more };
}

const LAKE = message(
  false,
  'Shall we go to the lake on Saturday? I would leave early, before the heat.',
  90 * MINUTE,
);
const CONTENTS_LINES: readonly Line[] = [
  LAKE,
  said(true, 'Yes, and bring a towel', 85 * MINUTE, {
    reply: {
      id: 'line-lake' as MessageLine['id'],
      mine: false,
      state: 'here',
      order: LAKE.order,
      text: 'Shall we go to the lake on Saturday? I would leave early, before the heat.',
    },
    reactions: [
      { emoji: '🏊', mine: false },
      { emoji: '👍🏽', mine: true },
    ],
  }),
  said(false, 'Both of us, then', 84 * MINUTE, {
    reply: { id: 'line-x' as MessageLine['id'], mine: true, state: 'gone', text: '' },
    reactions: [
      { emoji: '❤️', mine: false },
      { emoji: '❤️', mine: true },
    ],
  }),
  said(false, 'As you said last year', 83 * MINUTE, {
    reply: {
      id: 'line-y' as MessageLine['id'],
      mine: true,
      state: 'told',
      text: 'Never again without shade, I am a lobster and will stay one until Christmas, that much is certain.',
    },
  }),
  said(false, '', 80 * MINUTE, { deletedAt: NOW - 79 * MINUTE }),
  said(true, '', 78 * MINUTE, { deletedAt: NOW - 77 * MINUTE, change: 'sending' }),
  said(true, 'The train is at 8:05', 60 * MINUTE, { editedAt: NOW - 58 * MINUTE }),
  said(false, '🎉', 59 * MINUTE, { reactions: [{ emoji: '😂', mine: true }] }),
  event({ what: 'timer', seconds: 28_800, mine: false }, 30 * MINUTE),
  said(false, 'From here on it is forgotten', 29 * MINUTE, {
    timer: 28_800,
    expiresAt: NOW + 7.5 * HOUR,
    editedAt: NOW - 28 * MINUTE,
  }),
  said(true, 'Like the water that we swam in', 28 * MINUTE, { timer: 28_800, expiresAt: NOW + 40_000 }),
  event({ what: 'timer', seconds: 0, mine: true }, 20 * MINUTE),
  said(true, 'The lake is warm, 24 degrees', 2 * MINUTE, {
    delivery: { kind: 'delivered', at: NOW },
    editedAt: NOW - MINUTE,
    change: 'sending',
  }),
  said(true, 'and the ice cream is good', MINUTE, { editedAt: NOW, change: 'failed' }),
  said(true, 'Leaving now', 10_000, { delivery: { kind: 'sending' }, timer: 28_800 }),
];

const FAULT_LINES: readonly Line[] = [
  event({ what: 'gap', missing: 3 }, 9 * DAY),
  message(false, 'The charts from Lagos are here', 9 * DAY - MINUTE),
  event({ what: 'restored' }, 3 * HOUR),
  event({ what: 'unreadable', asked: true }, 2.5 * HOUR),
  event({ what: 'unreadable', asked: true }, 2.4 * HOUR),
  message(false, 'Did the last one reach you?', 2 * HOUR),
  event({ what: 'gap', missing: 1 }, 2 * HOUR),
  said(false, 'I leave on Sunday at nine', 118 * MINUTE, { sentAt: NOW - 2.4 * HOUR, late: true }),
  message(true, 'Only now, and after the next one', 110 * MINUTE),
  event({ what: 'unreadable' }, 50 * MINUTE),
  event({ what: 'newer-version' }, 40 * MINUTE),
];

const REQUEST_LINES: readonly Line[] = [
  message(false, 'Hi, we met at the conference in Lyon. May I ask you about your talk?', 26 * MINUTE),
];

function opened(
  who: PersonView,
  lines: readonly Line[],
  more: Partial<OpenConversation> = {},
): OpenConversation {
  return {
    id: who.account,
    person: who,
    state: 'accepted',
    lines,
    hasEarlier: false,
    hasLater: false,
    newest: lines.at(-1)?.order ?? 0,
    unread: 0,
    target: undefined,
    typing: false,
    unreadFrom: undefined,
    draft: '',
    timer: 0,
    blocked: false,
    waiting: 0,
    waitingChanges: 0,
    ...more,
  };
}

export const ADA_OPEN = opened(ADA, ADA_LINES, { typing: true });
export const ADA_UNREAD = opened(ADA, ADA_LINES.slice(0, 15), { unreadFrom: ADA_LINES[13]?.order });
export const CONTENTS_OPEN = opened(TEAM[4], CONTENTS_LINES, { timer: 28_800 });
export const FAULTS_OPEN = opened(TEAM[1], FAULT_LINES);
export const LEILA_OPEN = opened(LEILA, LEILA_LINES, { draft: 'غداً في' });
export const CALLED_OPEN = opened(LEILA, CALLED_LINES);
export const LONG_OPEN = opened(LONG, MANY_LINES, { hasEarlier: true });
export const STRANGER_OPEN = opened(STRANGER, REQUEST_LINES, { state: 'request' });
export const FRESH_OPEN = opened(EMOJI, []);

function summary(
  who: PersonView,
  agoMs: number,
  text: string,
  more: Partial<ConversationSummary> & { readonly mine?: boolean; readonly delivery?: Delivery } = {},
): ConversationSummary {
  const { mine = false, delivery = { kind: 'read', at: NOW }, ...rest } = more;
  return {
    id: who.account,
    person: who,
    state: 'accepted',
    last: { text, at: NOW - agoMs, mine, delivery },
    unread: 0,
    typing: false,
    draft: '',
    ...rest,
  };
}

export const CONVERSATIONS: readonly ConversationSummary[] = [
  summary(ADA, 10_000, 'Does the side door open?', {
    mine: true,
    delivery: { kind: 'sending' },
    typing: true,
  }),
  summary(LONG, 12 * MINUTE, 'Line 120 of the long one. More of it follows.', { unread: 140 }),
  summary(STRANGER, 26 * MINUTE, 'Hi, we met at the conference', { state: 'request', unread: 1 }),
  summary(LEILA, 44 * MINUTE, 'ممتاز 👍🏽', { draft: 'غداً في' }),
  summary(EMOJI, 3 * HOUR, '🎉🎉🎉 finally!!', { unread: 1 }),
  summary(TEAM[0], 20 * HOUR, 'The trajectory is right to the third decimal', { mine: true }),
  summary(TEAM[1], 3 * DAY, 'See you on Sunday, and bring the charts please, all of them', {
    mine: true,
    delivery: { kind: 'delivered', at: NOW },
  }),
  summary(TEAM[2], 40 * DAY, 'Avec plaisir'),
  { ...summary(TEAM[3], 0, ''), last: undefined },
  summary(TEAM[4], 400 * DAY, 'ok', {
    mine: true,
    delivery: { kind: 'failed', failure: { code: 'offline' } },
  }),
];
