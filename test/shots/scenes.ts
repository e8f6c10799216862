/** Every view worth looking at, by name: its address and the state behind it. */
import {
  Refusal,
  type CallMedia,
  type Commands,
  type DeviceView,
  type Failure,
  type Me,
  type OwnInviteView,
  type ResetView,
  type SearchResults,
  type ServerView,
  type ViewState,
} from '../../client/core/door.ts';
import type { Obstacle } from '../../client/ui/screens/obstacle.ts';
import type { Scene } from '../support/fake-door.ts';
import { callScenes } from './call-scenes.ts';
import type { StageScene } from './call-stage.ts';
import {
  ADA,
  ADA_OPEN,
  ADA_UNREAD,
  CONTENTS_OPEN,
  CONVERSATIONS,
  EMOJI,
  FAULTS_OPEN,
  FRESH_OPEN,
  LEILA,
  LEILA_OPEN,
  LONG,
  LONG_OPEN,
  NOW,
  STRANGER,
  STRANGER_OPEN,
  TEAM,
} from './people.ts';

/** A scene with its address, and what to do before looking. */
export interface NamedScene extends Scene {
  readonly path: string;
  /** What is there once all that was done has had its effect: words, or a pattern between slashes. */
  readonly shows?: string;
  /** Accessible names of buttons pressed one after the other, and what must be there before the next one. */
  readonly press?: readonly (string | { readonly shows: string })[];
  /** Items of the conversation's menu, chosen one after the other. */
  readonly menu?: readonly string[];
  /** Keys struck, one after the other. */
  readonly keys?: readonly string[];
  /** Texts typed into fields, by label. */
  readonly type?: Readonly<Record<string, string>>;
  /** In place of the app, where something keeps it from running. */
  readonly obstacle?: Obstacle;
  /** As it is printed. */
  readonly print?: true;
  /** A newer version of the app waits. */
  readonly update?: boolean;
  /** Opens the actions of the first message with these words, and chooses of them. */
  readonly actions?: string;
  readonly choose?: readonly string[];
  /** The same with another message after that. */
  readonly next?: { readonly actions: string; readonly choose: readonly string[] };
  /** Boxes ticked after that, by patterns of their names. */
  readonly check?: readonly string[];
  /** Keeps the browser offline. */
  readonly offline?: boolean;
  /** Scrolls the timeline this far up. */
  readonly scrollUp?: number;
  /** A camera in front of this very screen: it sees the code that is shown. */
  readonly camera?: true;
  /** Words that no storage took. */
  readonly unkept?: readonly string[];
  /** The stage of calls. */
  readonly stage?: StageScene;
  /** The person has pressed a call button of the first conversation. */
  readonly wants?: CallMedia;
  /** Kept by the browser from before. */
  readonly stored?: Readonly<Record<string, string>>;
  /** Nothing is touched before looking, so that what goes out of the way is gone. */
  readonly rests?: true;
  /** A part of the interface that cannot be fetched, by the name of its file. */
  readonly missing?: string;
}

const ME: Me = {
  account: 'meAAAAAAAAAAAAAAAAAAAA' as Me['account'],
  device: 'deviceAAAAAAAAAAAAAAAA' as Me['device'],
  username: 'charles',
  name: 'Charles Babbage',
  defaultTimer: 0,
  readReceipts: true,
  typing: false,
  relayCalls: false,
};

const DAY = 24 * 60 * 60_000;

const IN_TEN_MINUTES = NOW + 600_000;
/** What a device that showed a code asks to choose among. */
const CHOICES = ['048217', '661305', '930428'];
const MET_LEILA = {
  id: 'code',
  account: LEILA.account,
  name: LEILA.name,
  username: LEILA.username,
  verified: false,
};

/** A command that answers in one way after the other, the last one for good. */
function inTurn<Args extends readonly unknown[], Value>(
  ...ways: readonly ((...args: Args) => Promise<Value>)[]
): (...args: Args) => Promise<Value> {
  let asked = 0;
  return async (...args) => {
    const way = ways[Math.min(asked, ways.length - 1)];
    asked += 1;
    if (way === undefined) throw new Error('no answer');
    return way(...args);
  };
}

/** A server that relays no calls. */
function relayedNot(relay: ServerView['relay']): ServerView {
  return { name: 'tacet.example', inviteOnly: true, fresh: false, relay };
}

/** A command that is refused. */
function refused(failure: Failure): () => Promise<never> {
  return () => Promise.reject(new Refusal(failure));
}

function resetBy(
  deviceName: string | undefined,
  dueAt: number,
  { isThis = false }: { readonly isThis?: boolean } = {},
): ResetView {
  return { isThis, deviceName, dueAt, lapsesAt: dueAt + 14 * DAY };
}

function device(index: number, name: string | undefined, heardAgoDays: number | undefined): DeviceView {
  return {
    device: `device${index}`.padEnd(22, 'A') as DeviceView['device'],
    name,
    isThis: index === 0,
    addedAt: NOW - (index + 2) * 40 * DAY,
    heardAt: heardAgoDays === undefined ? undefined : NOW - heardAgoDays * DAY,
    hasLeft: index === 4,
  };
}
const DEVICES = [
  device(0, 'Firefox · Linux', undefined),
  device(1, 'The old laptop in the attic that nobody has switched on since the summer', 34),
  device(2, 'هاتف ليلى', 0),
  device(3, undefined, undefined),
  device(4, 'Chrome · Android', 2),
];

const OUT: Partial<ViewState> = { session: { kind: 'signed-out' } };
const IN: Partial<ViewState> = {
  session: { kind: 'signed-in', me: ME },
  connection: { kind: 'online' },
  conversations: CONVERSATIONS,
  unreadTotal: 142,
  persistent: true,
};
const OPEN = {
  [ADA.account]: ADA_OPEN,
  [LEILA.account]: LEILA_OPEN,
  [LONG.account]: LONG_OPEN,
  [STRANGER.account]: STRANGER_OPEN,
  [EMOJI.account]: FRESH_OPEN,
  [TEAM[4].account]: CONTENTS_OPEN,
  [TEAM[1].account]: FAULTS_OPEN,
};
const INVITE = '/i/AbCdEfGhIjKlMnOpQrStUv';
const NAMES = { Name: 'Charles Babbage' };

const OWN_INVITES: readonly OwnInviteView[] = [
  {
    link: 'https://tacet.example/i/AbCdEfGhIjKlMnOpQrStUv',
    madeAt: NOW,
    expiresAt: NOW + 7 * DAY,
    state: 'unused',
  },
  {
    link: 'https://tacet.example/i/BbCdEfGhIjKlMnOpQrStUv',
    madeAt: NOW - DAY,
    expiresAt: NOW + 6 * DAY,
    state: 'given',
  },
  {
    link: undefined,
    madeAt: NOW - 2 * DAY,
    expiresAt: NOW + 5 * DAY,
    state: 'used',
    by: 'A person whose name is so long that no line of a telephone holds it whole',
  },
  { link: undefined, madeAt: undefined, expiresAt: NOW + 4 * DAY, state: 'withdrawn' },
];

const LABEL = 'Search people and messages';
const FOUND = async (): Promise<SearchResults> => ({
  groups: [
    {
      id: LONG.account,
      person: LONG,
      finds: [3, 5, 40, 90].map((days, i) => ({
        order: 100 - i,
        at: NOW - days * 86_400_000,
        mine: i % 2 === 1,
        excerpt: [
          { text: '… the part on Bernoulli numbers still holds up, and the ', found: false },
          { text: 'dra', found: true },
          {
            text: 'ft is with the printer; bring the other one on Friday if you can find it …',
            found: false,
          },
        ],
      })),
    },
    {
      id: LEILA.account,
      person: LEILA,
      finds: [
        {
          order: 2,
          at: NOW - 3_600_000,
          mine: false,
          excerpt: [
            { text: 'هل وصلت ', found: false },
            { text: 'الرسالة', found: true },
            { text: '؟ draft', found: false },
          ],
        },
      ],
    },
  ],
  more: false,
  complete: true,
});
const BLOCKED: Partial<ViewState> = {
  ...IN,
  conversations: CONVERSATIONS.map((one) =>
    one.id === STRANGER.account ? { ...one, state: 'blocked', unread: 0 } : one,
  ),
};
const BLOCKED_OPEN = { ...OPEN, [STRANGER.account]: { ...STRANGER_OPEN, state: 'blocked' } } as const;

const LONG_CHANGED = { ...LONG, changed: true };
const CHANGED: Partial<ViewState> = {
  ...IN,
  conversations: CONVERSATIONS.map((one) =>
    one.person.account === LONG.account ? { ...one, person: LONG_CHANGED } : one,
  ),
};

export const SCENES: Readonly<Record<string, NamedScene>> = {
  welcome: { path: '/', state: OUT },
  'welcome-fresh': {
    path: '/',
    state: OUT,
    answers: {
      readServer: async () => ({ name: 'tacet.example', inviteOnly: true, fresh: true, relay: 'ready' }),
    },
  },
  'welcome-open': {
    path: '/',
    state: { session: { kind: 'ended', why: 'signed-out' } },
    answers: { readServer: async () => ({ name: '', inviteOnly: false, fresh: false, relay: 'ready' }) },
  },
  'welcome-offline': { path: '/', state: OUT, refuse: { readServer: { code: 'offline' } } },
  invite: { path: INVITE, state: OUT },
  'invite-reading': { path: INVITE, state: OUT, hang: ['readInvite', 'readServer'] },
  'welcome-reading': { path: '/', state: OUT, hang: ['readServer'] },
  'invite-long': {
    path: INVITE,
    state: OUT,
    answers: {
      readInvite: async (link) => ({
        link,
        inviterUsername: 'wolfeschlegelste',
        expiresAt: NOW + 6 * DAY,
      }),
    },
  },
  'invite-first': {
    path: INVITE,
    state: OUT,
    answers: { readInvite: async (link) => ({ link, inviterUsername: undefined, expiresAt: undefined }) },
  },
  'invite-used': { path: INVITE, state: OUT, refuse: { readInvite: { code: 'invite-invalid' } } },
  'sign-up-name': { path: INVITE, shows: 'Who are you?', state: OUT, press: ['Create account'], type: NAMES },
  'sign-up-name-errors': {
    path: INVITE,
    shows: 'Enter a name.',
    state: OUT,
    press: ['Create account', 'Continue'],
    type: { Username: 'ada..l' },
  },
  'sign-up-words': {
    path: INVITE,
    shows: 'Step 2 of 3',
    state: OUT,
    press: ['Create account', 'Continue'],
    type: NAMES,
  },
  'passphrase-sheet': {
    path: INVITE,
    shows: 'Tacet passphrase',
    state: OUT,
    press: ['Create account', 'Continue'],
    type: NAMES,
    print: true,
  },
  'sign-up-own': {
    path: INVITE,
    shows: 'Step 2 of 3',
    state: OUT,
    press: ['Create account', 'Continue'],
    type: { ...NAMES, Passphrase: 'winter garden' },
  },
  'sign-up-confirm': {
    path: INVITE,
    shows: 'Is it kept?',
    state: OUT,
    press: ['Create account', 'Continue', { shows: 'Keep these six words' }, 'Continue'],
    type: NAMES,
  },
  'setting-up': { path: INVITE, state: { ...OUT, progress: { kind: 'registering' } } },
  'sign-in': { path: '/sign-in', state: OUT },
  'sign-in-wrong': {
    path: '/sign-in',
    shows: 'Username or passphrase is wrong.',
    state: OUT,
    refuse: { signIn: { code: 'login-refused' } },
    type: { Username: 'charles', Passphrase: 'not this one' },
    press: ['Sign in'],
  },
  starting: { path: '/', state: {} },
  list: { path: '/', state: IN },
  'list-empty': { path: '/', state: { ...IN, conversations: [], unreadTotal: 0 } },
  search: {
    path: '/',
    shows: 'People',
    state: IN,
    answers: { searchMessages: FOUND },
    type: { [LABEL]: 'a' },
  },
  'search-people': {
    path: '/',
    shows: '@katherine',
    state: IN,
    answers: { searchMessages: FOUND },
    type: { [LABEL]: 'i' },
  },
  'search-lookup': {
    path: '/',
    shows: 'Username or invite link',
    state: IN,
    type: { [LABEL]: 'hedy' },
    press: ['/Look up/'],
  },
  'search-none': {
    path: '/',
    shows: 'Nothing found for “a question mark?”.',
    state: IN,
    type: { [LABEL]: 'a question mark?' },
  },
  'search-unknown': {
    path: '/',
    shows: 'Nothing found for “qqqq”.',
    state: IN,
    type: { [LABEL]: 'qqqq' },
  },
  'search-loading': { path: '/', state: IN, hang: ['searchMessages'], type: { [LABEL]: 'qqqq' } },
  'search-slow': {
    path: '/',
    shows: 'Nothing found for “qqqq”.',
    state: IN,
    answers: {
      searchMessages: (typed) =>
        typed === 'qqqq'
          ? Promise.resolve({ groups: [], more: false, complete: true })
          : new Promise<never>(() => undefined),
    },
    type: { [LABEL]: 'qqqq' },
  },
  'search-failed': {
    path: '/',
    shows: 'The browser does not let Tacet store anything here.',
    state: IN,
    refuse: { searchMessages: { code: 'storage-unavailable' } },
    type: { [LABEL]: 'qqqq' },
  },
  'search-indexing': {
    path: '/',
    shows: '5 messages found',
    state: { ...IN, indexing: { done: 41_000, total: 100_000 } },
    answers: {
      // What was found whole is asked for whole again.
      searchMessages: inTurn<Parameters<Commands['searchMessages']>, SearchResults>(
        async () => ({ ...(await FOUND()), complete: false }),
        async (_typed, _within, most) =>
          most === undefined ? FOUND() : { groups: [], more: false, complete: true },
      ),
    },
    type: { [LABEL]: 'draft' },
  },
  'search-rest-failed': {
    path: '/',
    shows: 'The browser does not let Tacet store anything here.',
    state: IN,
    answers: {
      searchMessages: async (_typed, _within, most) =>
        most === undefined ? refused({ code: 'storage-unavailable' })() : { ...(await FOUND()), more: true },
    },
    type: { [LABEL]: 'draft' },
  },
  'search-incomplete': {
    path: '/',
    state: IN,
    answers: { searchMessages: async () => ({ groups: [], more: false, complete: false }) },
    type: { [LABEL]: 'draft' },
  },
  'list-offline': {
    path: '/',
    state: { ...IN, connection: { kind: 'offline', retryAt: NOW + 15_000 } },
  },
  'list-notice-offer': { path: '/', shows: 'Be notified of new messages?', state: IN },
  'list-update': { path: '/', state: IN, update: true },
  conversation: { path: `/c/${ADA.account}`, state: IN, open: OPEN },
  'conversation-unread': {
    path: `/c/${ADA.account}`,
    state: IN,
    open: { ...OPEN, [ADA.account]: ADA_UNREAD },
  },
  'conversation-rtl': { path: `/c/${LEILA.account}`, state: IN, open: OPEN },
  'conversation-long': { path: `/c/${LONG.account}`, state: IN, open: OPEN, scrollUp: 1200 },
  'conversation-fresh': { path: `/c/${EMOJI.account}`, state: IN, open: OPEN },
  'conversation-menu': {
    path: `/c/${ADA.account}`,
    shows: 'Jump to date',
    state: IN,
    open: OPEN,
    press: ['Conversation'],
  },
  'conversation-date': {
    path: `/c/${ADA.account}`,
    shows: 'Day',
    state: IN,
    open: OPEN,
    menu: ['Jump to date'],
  },
  'conversation-clear': {
    path: `/c/${ADA.account}`,
    shows: 'Delete this conversation’s history?',
    state: IN,
    open: OPEN,
    menu: ['Delete history'],
  },
  'settings-no-relay': {
    path: '/settings',
    shows: '/neither fetch nor build/',
    state: IN,
    answers: { readServer: async () => relayedNot('no-worker') },
  },
  'settings-relay-wanted': {
    path: '/settings',
    shows: '/only a TURN server connects/',
    state: {
      ...IN,
      session: {
        kind: 'signed-in',
        me: { ...ME, relayCalls: true },
      },
    },
    answers: { readServer: async () => relayedNot('preparing') },
  },
  'settings-timer': { path: '/settings', shows: '4 weeks', state: IN, press: ['Disappearing messages: Off'] },
  'conversation-select': {
    path: `/c/${ADA.account}`,
    shows: 'Choose one message or more.',
    state: IN,
    open: OPEN,
    menu: ['Select messages'],
  },
  'conversation-selected': {
    path: `/c/${TEAM[4].account}`,
    shows: '3 messages selected',
    state: IN,
    open: OPEN,
    actions: 'The lake is warm',
    choose: ['Select'],
    check: ['/ice cream/', '/towel/'],
  },
  'conversation-select-delete': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Delete 3 messages?',
    state: IN,
    open: OPEN,
    actions: 'The lake is warm',
    choose: ['Select'],
    check: ['/ice cream/', '/towel/'],
    press: ['Delete'],
  },
  'conversation-emoji': {
    path: `/c/${LEILA.account}`,
    shows: 'Smileys',
    state: IN,
    open: OPEN,
    press: ['Insert emoji'],
  },
  'conversation-emoji-search': {
    path: `/c/${LEILA.account}`,
    shows: 'Found',
    state: IN,
    open: OPEN,
    press: ['Insert emoji'],
    type: { 'Search emoji': 'heart' },
  },
  'conversation-emoji-none': {
    path: `/c/${LEILA.account}`,
    shows: 'No emoji for “qqqq”.',
    state: IN,
    open: OPEN,
    press: ['Insert emoji'],
    type: { 'Search emoji': 'qqqq' },
  },
  'conversation-request': { path: `/c/${STRANGER.account}`, state: IN, open: OPEN },
  'conversation-offline': {
    path: `/c/${ADA.account}`,
    state: { ...IN, connection: { kind: 'offline', retryAt: NOW + 15_000 } },
    open: OPEN,
    offline: true,
  },
  'conversation-faults': { path: `/c/${TEAM[1].account}`, state: IN, open: OPEN },
  'conversation-contents': { path: `/c/${TEAM[4].account}`, state: IN, open: OPEN },
  'message-actions': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Copy text',
    state: IN,
    open: OPEN,
    actions: 'bring a towel',
  },
  'message-actions-deleted': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Details',
    state: IN,
    open: OPEN,
    actions: 'Tim deleted this message.',
  },
  'message-emoji': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Smileys',
    state: IN,
    open: OPEN,
    actions: 'bring a towel',
    choose: ['Another emoji'],
  },
  'message-reply': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Replying to You',
    state: IN,
    open: OPEN,
    actions: 'bring a towel',
    choose: ['Reply'],
  },
  'message-edit': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Editing',
    state: IN,
    open: OPEN,
    actions: 'The lake is warm',
    choose: ['Edit'],
  },
  'message-edit-over-reply': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Your reply waits.',
    state: IN,
    open: OPEN,
    actions: 'bring a towel',
    choose: ['Reply'],
    next: { actions: 'The lake is warm', choose: ['Edit'] },
  },
  'message-unstored': {
    path: `/c/${ADA.account}`,
    shows: 'Not stored yet',
    state: IN,
    open: OPEN,
    unstored: [
      {
        id: 'unstoredAAAAAAAAAAAAAA' as never,
        to: ADA.account,
        text: 'Written while another tab hangs, and in sight all the same',
      },
    ],
  },
  'message-details': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Message details',
    state: IN,
    open: OPEN,
    actions: 'The lake is warm',
    choose: ['Details'],
  },
  'message-details-marks': {
    path: `/c/${TEAM[4].account}`,
    shows: '/Reduced forward secrecy/',
    state: IN,
    open: OPEN,
    answers: {
      readDetails: async () => ({
        sentAt: NOW - DAY,
        receivedAt: NOW - DAY / 2,
        reduced: true,
        delayed: true,
        devices: [],
      }),
    },
    actions: 'The lake is warm',
    choose: ['Details'],
  },
  'message-details-failed': {
    path: `/c/${TEAM[4].account}`,
    shows: 'This message is not here any more.',
    state: IN,
    open: OPEN,
    refuse: { readDetails: { code: 'message-unknown' } },
    actions: 'The lake is warm',
    choose: ['Details'],
  },
  'message-delete': {
    path: `/c/${TEAM[4].account}`,
    shows: 'Delete this message?',
    state: IN,
    open: OPEN,
    actions: 'The lake is warm',
    choose: ['Delete'],
  },
  'message-delete-failed': {
    path: `/c/${TEAM[4].account}`,
    shows: 'This one stays as it is.',
    state: IN,
    open: OPEN,
    refuse: { deleteForEveryone: { code: 'too-late' } },
    actions: 'The lake is warm',
    choose: ['Delete'],
    press: ['Delete for everyone'],
  },
  timer: {
    path: `/c/${TEAM[4].account}`,
    shows: '4 weeks',
    state: IN,
    open: OPEN,
    press: ['/Disappearing messages/'],
  },
  'conversation-loading': { path: `/c/${ADA.account}`, state: IN, hang: ['openConversation'] },
  'conversation-unknown': { path: '/c/AAAAAAAAAAAAAAAAAAAAAA', state: IN },
  contact: { path: `/c/${LONG.account}/contact`, state: IN, open: OPEN },
  'contact-unverified': { path: `/c/${EMOJI.account}/contact`, state: IN, open: OPEN },
  'contact-block': {
    path: `/c/${ADA.account}/contact`,
    shows: 'Block Ada Lovelace?',
    state: IN,
    open: OPEN,
    press: ['Block'],
  },
  'contact-blocked': { path: `/c/${STRANGER.account}/contact`, state: BLOCKED, open: BLOCKED_OPEN },
  'conversation-blocked': { path: `/c/${STRANGER.account}`, state: BLOCKED, open: BLOCKED_OPEN },
  safety: { path: `/c/${EMOJI.account}/safety`, shows: 'Mark as verified', state: IN, open: OPEN },
  'safety-verified': {
    path: `/c/${LEILA.account}/safety`,
    shows: 'No longer verified',
    state: IN,
    open: OPEN,
  },
  'safety-loading': {
    path: `/c/${EMOJI.account}/safety`,
    state: IN,
    open: OPEN,
    hang: ['readSafetyNumber'],
  },
  'safety-failed': {
    path: `/c/${EMOJI.account}/safety`,
    shows: 'Try again',
    state: IN,
    open: OPEN,
    refuse: { readSafetyNumber: { code: 'conversation-unknown' } },
  },
  'safety-no-camera': {
    path: `/c/${EMOJI.account}/safety`,
    shows: '/no camera|camera is not allowed/',
    state: IN,
    open: OPEN,
    press: ['Scan their code'],
  },
  'safety-different': {
    path: `/c/${EMOJI.account}/safety`,
    shows: '/^The codes differ/',
    state: IN,
    open: OPEN,
    camera: true,
    answers: { compareCode: async () => 'different' },
    press: [{ shows: '/^Code for/' }, 'Scan their code'],
  },
  'safety-equal-to-earlier': {
    path: `/c/${LONG.account}/safety`,
    shows: 'Keep the key from before',
    state: CHANGED,
    open: { ...OPEN, [LONG.account]: { ...LONG_OPEN, person: LONG_CHANGED, blocked: true } },
    camera: true,
    answers: { compareCode: async () => 'equal-to-earlier' },
    press: [{ shows: '/^Code for/' }, 'Scan their code'],
  },
  'safety-blocked': {
    path: `/c/${LONG.account}/safety`,
    shows: 'Go on unverified',
    state: CHANGED,
    open: { ...OPEN, [LONG.account]: { ...LONG_OPEN, person: LONG_CHANGED, blocked: true } },
  },
  'conversation-blocked-by-key': {
    path: `/c/${LONG.account}`,
    shows: 'Go on unverified',
    state: CHANGED,
    open: { ...OPEN, [LONG.account]: { ...LONG_OPEN, person: LONG_CHANGED, blocked: true } },
  },
  'conversation-held': {
    path: `/c/${LEILA.account}`,
    shows: 'Send under the new key',
    state: IN,
    open: {
      ...OPEN,
      [LEILA.account]: {
        ...LEILA_OPEN,
        waiting: 1,
        waitingChanges: 2,
        lines: LEILA_OPEN.lines.map((line) =>
          line.kind === 'message' && line.mine ? { ...line, delivery: { kind: 'held' as const } } : line,
        ),
      },
    },
  },
  'new-chat': { path: '/', shows: 'Username or invite link', state: IN, press: ['New chat'] },
  'new-chat-no-camera': {
    path: '/',
    shows: '/no camera|camera is not allowed/',
    state: IN,
    press: ['New chat', 'Scan a code'],
  },
  'new-chat-code': {
    path: '/',
    shows: '/only while it is shown/',
    state: IN,
    press: ['New chat', 'Show my code'],
  },
  'new-chat-code-over': {
    path: '/',
    shows: 'Show a new code',
    state: IN,
    press: ['New chat', 'Show my code'],
    answers: {
      makeInvite: async () => ({ link: 'https://tacet.example/i/AbCdEfGhIjKlMnOpQrStUv', expiresAt: 0 }),
    },
  },
  'new-chat-unknown': {
    path: '/',
    shows: '/no such account|Nobody/',
    state: IN,
    press: ['New chat', 'Open chat'],
    type: { 'Username or invite link': 'nobody' },
    refuse: { startConversation: { code: 'account-unknown' } },
  },
  'conversation-new': {
    path: `/c/${STRANGER.account}`,
    state: IN,
    open: { ...OPEN, [STRANGER.account]: { ...STRANGER_OPEN, state: 'new', lines: [] } },
  },
  'encounter-waiting': {
    path: '/',
    shows: '/a number is about to stand here/',
    state: { ...IN, encounters: [{ ...MET_LEILA, kind: 'waiting', until: IN_TEN_MINUTES }] },
  },
  encounter: {
    path: '/',
    shows: 'Yes, found it',
    state: {
      ...IN,
      encounters: [
        {
          id: 'code',
          account: LONG.account,
          name: LONG.name,
          username: LONG.username,
          verified: true,
          kind: 'asking',
          number: '048217',
          until: IN_TEN_MINUTES,
        },
      ],
    },
  },
  'encounter-choosing': {
    path: '/',
    shows: 'None of these',
    state: {
      ...IN,
      encounters: [{ ...MET_LEILA, kind: 'choosing', choices: CHOICES, until: IN_TEN_MINUTES }],
    },
  },
  'encounter-other': {
    path: '/',
    shows: 'Not the same number',
    state: {
      ...IN,
      encounters: [{ ...MET_LEILA, kind: 'choosing', choices: CHOICES, until: IN_TEN_MINUTES }],
    },
    press: ['6 6 1 3 0 5'],
  },
  'encounter-unnamed': {
    path: '/',
    shows: '/somebody without a name/',
    state: {
      ...IN,
      encounters: [
        {
          ...MET_LEILA,
          name: undefined,
          username: undefined,
          claims: 'leila',
          kind: 'choosing',
          choices: CHOICES,
          until: IN_TEN_MINUTES,
        },
      ],
    },
  },
  'encounter-aside': {
    path: '/',
    shows: 'Answer',
    state: {
      ...IN,
      encounters: [{ ...MET_LEILA, kind: 'choosing', choices: CHOICES, until: IN_TEN_MINUTES }],
    },
    press: ['Close'],
  },
  'encounter-confirmed': {
    path: '/',
    shows: '/Waiting for/',
    state: { ...IN, encounters: [{ ...MET_LEILA, kind: 'asking', number: '048217', until: IN_TEN_MINUTES }] },
    press: ['Yes, found it'],
  },
  'encounter-met': {
    path: '/',
    shows: '/is verified/',
    state: { ...IN, encounters: [{ ...MET_LEILA, kind: 'met' }] },
  },
  'encounter-changed': {
    path: '/',
    shows: 'The key has changed',
    state: { ...IN, encounters: [{ ...MET_LEILA, kind: 'changed' }] },
  },
  'encounter-over': {
    path: '/',
    shows: 'The ten minutes are over',
    state: { ...IN, encounters: [{ ...MET_LEILA, kind: 'asking', number: '048217', until: 0 }] },
  },
  'encounter-refused': {
    path: '/',
    shows: 'Nobody was verified',
    state: { ...IN, encounters: [{ ...MET_LEILA, kind: 'asking', number: '048217', until: IN_TEN_MINUTES }] },
    press: ['No'],
  },
  'new-invite': { path: '/', shows: 'Hide QR code', state: IN, press: ['Invite someone', 'Show QR code'] },
  'new-invite-full': {
    path: '/',
    shows: '/Withdraw one that you do not need/',
    state: IN,
    refuse: { offerInvite: { code: 'invites-full' } },
    press: ['Invite someone'],
  },
  'own-invites': {
    path: '/settings/invites',
    shows: '/came by it/',
    state: IN,
    answers: { readOwnInvites: async () => OWN_INVITES },
  },
  'own-invites-none': { path: '/settings/invites', shows: '/You have no invite links/', state: IN },
  'own-invites-missing': {
    path: '/settings/invites',
    state: IN,
    shows: '/cannot be reached/',
    answers: { readOwnInvites: inTurn(refused({ code: 'offline' }), async () => OWN_INVITES) },
  },
  'own-invites-withdraw': {
    path: '/settings/invites',
    shows: 'Withdraw this link?',
    state: IN,
    answers: { readOwnInvites: async () => OWN_INVITES.slice(0, 1) },
    press: ['/^Withdraw the link/'],
  },
  'follow-invite': { path: INVITE, state: IN },
  jump: {
    path: `/c/${LEILA.account}`,
    shows: 'Name or username',
    state: IN,
    open: OPEN,
    keys: ['Control+k'],
  },
  keys: { path: '/', shows: '/Close the top layer/', state: IN, keys: ['?'] },
  settings: { path: '/settings', state: IN },
  'settings-faults': {
    path: '/settings',
    state: IN,
    answers: { readFaults: async () => ({ unopened: 3, unproven: 1 }) },
  },
  'settings-not-kept': { path: '/settings', state: { ...IN, persistent: false } },
  'sign-out': { path: '/settings', shows: 'Sign out of this browser?', state: IN, press: ['Sign out'] },
  devices: { path: '/settings/devices', state: { ...IN, devices: DEVICES } },
  'devices-one': { path: '/settings/devices', state: { ...IN, devices: DEVICES.slice(0, 1) } },
  'devices-rename': {
    path: '/settings/devices',
    shows: 'Name this device',
    state: { ...IN, devices: DEVICES },
    press: ['Rename Firefox · Linux'],
  },
  'devices-remove': {
    path: '/settings/devices',
    shows: 'Remove Chrome · Android?',
    state: { ...IN, devices: DEVICES },
    press: ['Remove Chrome · Android'],
  },
  'devices-remove-refused': {
    path: '/settings/devices',
    shows: 'a little much at once',
    state: { ...IN, devices: DEVICES },
    refuse: { removeDevice: { code: 'rate-limited', retryAt: NOW + 5 * 60_000 } },
    type: { 'Your passphrase': 'copper lantern drizzle mammal untied harvest' },
    press: ['Remove Chrome · Android', 'Remove device'],
  },
  account: { path: '/settings/account', state: { ...IN, devices: DEVICES } },
  'account-lock-on': { path: '/settings/account', state: { ...IN, lock: { afterMs: 5 * 60_000 } } },
  'lock-set': {
    path: '/settings/account',
    shows: 'Passphrase of the lock again',
    state: IN,
    press: ['Set app lock'],
  },
  'lock-set-weak': {
    path: '/settings/account',
    shows: 'Too easy to guess.',
    state: IN,
    refuse: { setLock: { code: 'passphrase-weak' } },
    type: { 'Passphrase of the lock': '1234', 'Passphrase of the lock again': '1234' },
    press: ['Set app lock', 'Turn on'],
  },
  'lock-off-wrong': {
    path: '/settings/account',
    shows: 'That is not the passphrase of the lock.',
    state: { ...IN, lock: { afterMs: undefined } },
    refuse: { clearLock: { code: 'passphrase-wrong' } },
    type: { 'Passphrase of the lock': 'not this one' },
    press: ['Turn off', 'Turn the lock off'],
  },
  wipe: {
    path: '/settings/account',
    shows: 'Wipe now',
    state: { ...IN, devices: DEVICES.slice(0, 1) },
    press: ['Wipe this device'],
  },
  'delete-account': {
    path: '/settings/account',
    shows: 'Delete for ever',
    state: IN,
    press: ['Delete account'],
  },
  'change-passphrase': { path: '/settings/passphrase', state: IN },
  'change-passphrase-new': {
    path: '/settings/passphrase',
    shows: 'Step 2 of 3',
    state: IN,
    type: { 'Your passphrase': 'the one in force' },
    press: ['Continue'],
  },
  'reset-waits': {
    path: '/settings/account',
    state: { ...IN, resets: [resetBy('Firefox · Linux', NOW + 2 * DAY, { isThis: true })] },
  },
  'reset-due': {
    path: '/settings/account',
    state: { ...IN, resets: [resetBy('Firefox · Linux', NOW - DAY, { isThis: true })] },
  },
  'reset-elsewhere': {
    path: '/',
    state: { ...IN, resets: [resetBy(undefined, NOW + 2 * DAY)] },
  },
  'reset-here': {
    path: '/',
    shows: '/was announced on this device/',
    state: { ...IN, resets: [resetBy('Firefox · Linux', NOW + 2 * DAY, { isThis: true })] },
  },
  'reset-other-device-gone': {
    path: '/settings/account',
    shows: '/waits 72 hours of its own/',
    state: { ...IN, resets: [resetBy('The old laptop in the attic', NOW - 5 * DAY)] },
  },
  'reset-lapsed': {
    path: '/settings/account',
    shows: '/^This device can reset your account/',
    state: {
      ...IN,
      resets: [
        resetBy('Firefox · Linux', NOW - 15 * DAY, { isThis: true }),
        resetBy('The old laptop in the attic', NOW - 20 * DAY),
      ],
    },
  },
  'resets-of-two': {
    path: '/settings/account',
    state: {
      ...IN,
      resets: [
        resetBy('Firefox · Linux', NOW + 3 * DAY, { isThis: true }),
        resetBy('The old laptop in the attic', NOW - 5 * DAY),
      ],
    },
  },
  'alert-older-state': {
    path: '/',
    shows: '/older state of your account/',
    state: { ...IN, alerts: [{ what: 'older-state', id: 'older-state', at: NOW - DAY }] },
  },
  'alert-restored': {
    path: '/',
    shows: '/restored from a backup/',
    state: {
      ...IN,
      alerts: [{ what: 'restored', id: 'restored', at: NOW - DAY / 24, backedUpAt: NOW - DAY }],
    },
  },
  'alert-clocks': {
    path: '/',
    shows: '/The clocks differ/',
    state: { ...IN, alerts: [{ what: 'clocks', id: 'clocks', at: NOW, serverAt: NOW - 365 * DAY }] },
  },
  'alert-forged-devices': {
    path: '/',
    shows: '/has not signed/',
    state: { ...IN, alerts: [{ what: 'forged-devices', id: 'forged-devices', at: NOW - DAY }] },
  },
  'alert-foreign-keys': {
    path: '/',
    shows: '/other keys for new conversations/',
    state: { ...IN, alerts: [{ what: 'foreign-keys', id: 'foreign-keys', at: NOW - DAY }] },
  },
  'alert-device-added': {
    path: '/',
    shows: '/was added to your account/',
    state: {
      ...IN,
      alerts: [
        {
          what: 'device-added',
          id: 'dAAAAAAAAAAAAAAAAAAAAA' as DeviceView['device'],
          deviceName: 'The old laptop in the attic',
          at: NOW - 2 * DAY,
        },
      ],
    },
  },
  outdated: { path: '/', shows: '/newer version of Tacet, and this one/', state: { ...IN, outdated: true } },
  'refused-invite': { path: '/', state: { ...IN, refusedInvite: { username: 'ben' } } },
  'passphrase-ask': { path: '/', state: { ...IN, passphrase: { asked: true } } },
  'passphrase-check': {
    path: '/',
    shows: '/Nothing is lost if it is wrong/',
    state: { ...IN, passphrase: { asked: true } },
    press: ['Check'],
  },
  'passphrase-check-wrong': {
    path: '/settings/account',
    shows: 'That is not your passphrase.',
    state: IN,
    refuse: { checkPassphrase: { code: 'passphrase-wrong' } },
    type: { 'Your passphrase': 'not this one' },
    press: ['Check passphrase', 'Check'],
  },
  'passphrase-check-right': {
    path: '/settings/account',
    shows: 'That is it.',
    state: IN,
    type: { 'Your passphrase': 'copper lantern drizzle mammal untied harvest' },
    press: ['Check passphrase', 'Check'],
  },
  'passphrase-changed': {
    path: '/',
    state: {
      ...IN,
      passphrase: { asked: false, changed: { deviceName: 'The old laptop in the attic', at: NOW - 2 * DAY } },
    },
  },
  'reset-begin': {
    path: '/settings/account',
    shows: 'Announce a reset of your account?',
    state: IN,
    press: ['Announce a reset'],
  },
  'reset-finish': { path: '/settings/reset', state: IN },
  locked: { path: '/', state: { session: { kind: 'locked' } } },
  'locked-wrong': {
    path: '/',
    shows: 'That is not the passphrase of the lock.',
    state: { session: { kind: 'locked' } },
    refuse: { unlock: { code: 'passphrase-wrong' } },
    type: { 'Passphrase of the lock': 'not this one' },
    press: ['Unlock'],
  },
  'not-found': { path: '/nowhere', state: IN },
  'other-version': {
    path: '/',
    shows: '/An edit that was under way/',
    state: { session: { kind: 'other-version' } },
    unkept: ['An edit that was under way when another version took the account.'],
  },
  removed: { path: '/', state: { session: { kind: 'ended', why: 'removed' } } },
  deleted: { path: '/', state: { session: { kind: 'ended', why: 'deleted' } } },
  'too-old': {
    path: '/',
    shows: '/A message that could not be given away/',
    state: { session: { kind: 'too-old' } },
    unkept: ['A message that could not be given away any more.'],
  },
  unsupported: { path: '/', state: {}, obstacle: { kind: 'unsupported', missing: 'WebAssembly' } },
  insecure: { path: '/', state: {}, obstacle: { kind: 'insecure' } },
  'in-app': { path: '/', state: {}, obstacle: { kind: 'in-app' } },
  'no-storage': { path: '/', state: {}, obstacle: { kind: 'no-storage' } },
  'part-missing': {
    path: '/settings/devices',
    shows: '/This part of Tacet could not be fetched/',
    state: IN,
    missing: 'devices',
  },
  'part-missing-again': {
    path: '/settings/devices',
    shows: '/then reload the page/',
    state: IN,
    missing: 'devices',
    press: ['Try again'],
  },
  'search-part-missing': {
    path: '/',
    shows: '/then reload the page/',
    state: IN,
    refuse: { searchMessages: { code: 'part-missing' } },
    type: { [LABEL]: 'qqqq' },
  },
  'invite-unread': { path: INVITE, state: OUT, refuse: { readInvite: { code: 'overloaded' } } },
  'broken-missing': {
    path: '/',
    state: { session: { kind: 'broken', failure: { code: 'part-missing' } } },
  },
  broken: { path: '/', state: { session: { kind: 'broken', failure: { code: 'storage-damaged' } } } },
  'broken-afresh': {
    path: '/',
    shows: 'Delete what is stored here?',
    state: { session: { kind: 'broken', failure: { code: 'storage-damaged' } } },
    press: ['Start afresh here'],
  },
  'broken-afresh-refused': {
    path: '/',
    shows: '/does not let Tacet store/',
    state: { session: { kind: 'broken', failure: { code: 'storage-damaged' } } },
    refuse: { wipe: { code: 'storage-unavailable' } },
    press: ['Start afresh here', 'Delete and go to sign in'],
  },
  'broken-outdated': {
    path: '/',
    state: { session: { kind: 'broken', failure: { code: 'app-outdated' } } },
  },
  'broken-full': {
    path: '/',
    shows: '/Copy it before you reload/',
    state: { session: { kind: 'broken', failure: { code: 'storage-full' } } },
    unkept: [
      'The words that were on their way when the disk was full.\nAnd a second line of them.',
      'Averylongwordwithoutanyspaceinit'.repeat(6),
    ],
  },
  ...callScenes(IN),
};
