/** Every view of a call, by name. */
import type { CallView, ViewState } from '../../client/core/door.ts';
import type { StageScene } from './call-stage.ts';
import { ADA, ADA_OPEN, CALLED_OPEN, LEILA, LONG, LONG_OPEN, NOW } from './people.ts';
import type { NamedScene } from './scenes.ts';

const OPEN = {
  [ADA.account]: ADA_OPEN,
  [LONG.account]: LONG_OPEN,
  [LEILA.account]: CALLED_OPEN,
};

const QUALITY = {
  level: 'good',
  roundTripMs: 38,
  lost: 0.004,
  sentBits: 1_420_000,
  receivedBits: 1_210_000,
  byTurn: false,
  sealed: 18_204,
  opened: 17_988,
  refused: 0,
} as const;

const CALL: CallView = {
  id: 'callAAAAAAAAAAAAAAAAAA' as CallView['id'],
  conversation: ADA.account,
  side: 'caller',
  media: 'video',
  since: NOW - 200_000,
  phase: { kind: 'talking', since: NOW - 187_000 },
  code: '481920',
  way: 'direct',
  theirs: { microphone: true, camera: true, screen: false },
  quality: QUALITY,
  troubles: [],
};
const NO_PICTURE = { microphone: true, camera: false, screen: false };
const VIDEO: StageScene = { on: { camera: true }, theirs: ['camera'] };
/** The person has looked at the own devices before. */
const SEEN = { 'tacet.call-devices-seen': 'yes' };

/** Scenes over the state of somebody who is signed in. */
export function callScenes(signedIn: Partial<ViewState>): Readonly<Record<string, NamedScene>> {
  const scene = (call: Partial<CallView> | undefined, more: Partial<NamedScene> = {}): NamedScene => ({
    path: `/c/${ADA.account}`,
    state: { ...signedIn, ...(call === undefined ? {} : { call: { ...CALL, ...call } }) },
    open: OPEN,
    ...more,
    // What is over stays to be looked at.
    answers: { seeCallEnd: async () => undefined, ...more.answers },
  });
  const over = (
    phase: Omit<Extract<CallView['phase'], { kind: 'over' }>, 'kind'>,
    troubles: CallView['troubles'] = [],
  ): NamedScene => scene({ phase: { kind: 'over', ...phase }, troubles }, { shows: 'Call again' });
  return {
    'call-lines': scene(undefined, { shows: 'Missed video call', path: `/c/${LEILA.account}` }),
    'call-before': scene(undefined, {
      shows: 'Start call',
      wants: 'video',
      stage: {},
    }),
    'call-before-asks': scene(undefined, {
      shows: '/may ask whether/',
      wants: 'video',
      stage: { asks: true },
    }),
    'call-before-denied': scene(undefined, {
      shows: 'The microphone is not allowed here',
      wants: 'audio',
      stage: { deaf: true },
    }),
    'call-deaf': scene(undefined, {
      shows: 'The microphone is in use',
      wants: 'audio',
      stored: SEEN,
      stage: { deaf: true, trouble: { of: 'microphone', why: 'busy' } },
    }),
    'call-obstacle': scene(undefined, {
      shows: 'No calls in this browser',
      wants: 'video',
      stage: { obstacle: 'no-frame-encryption' },
    }),
    'call-refused': scene(undefined, {
      shows: '/cannot be reached/',
      wants: 'audio',
      stored: SEEN,
      refuse: { startCall: { code: 'offline' } },
    }),
    'call-starting': scene(undefined, {
      shows: 'Starting…',
      wants: 'audio',
      stored: SEEN,
      hang: ['startCall'],
    }),
    'call-out': scene(
      { phase: { kind: 'calling', heard: false }, quality: undefined, code: undefined },
      { shows: 'Calling…', stage: { on: { camera: true } } },
    ),
    'call-out-heard': scene(
      {
        phase: { kind: 'calling', heard: true },
        conversation: LONG.account,
        media: 'audio',
        code: undefined,
      },
      { shows: 'Ringing there…', path: `/c/${LONG.account}` },
    ),
    'call-in-voice': scene(
      { phase: { kind: 'ringing' }, side: 'callee', media: 'audio' },
      { shows: '/is calling you/' },
    ),
    'call-in-video': scene(
      { phase: { kind: 'ringing' }, side: 'callee', conversation: LONG.account },
      { shows: 'Accept with video' },
    ),
    'call-in-rtl': scene(
      { phase: { kind: 'ringing' }, side: 'callee', conversation: LEILA.account },
      { shows: 'Accept with video', path: `/c/${LEILA.account}` },
    ),
    'call-in-denied': scene(
      { phase: { kind: 'ringing' }, side: 'callee', media: 'audio' },
      { shows: '/not allowed here/', press: ['Accept'], stage: { deaf: true } },
    ),
    'call-in-obstacle': scene(
      { phase: { kind: 'ringing' }, side: 'callee' },
      { shows: '/cannot answer in this browser/', stage: { obstacle: 'no-frame-encryption' } },
    ),
    'call-in-aside': scene(
      { phase: { kind: 'ringing' }, side: 'callee' },
      { shows: 'Decline', press: [{ shows: 'Decline' }], keys: ['Escape'] },
    ),
    'call-connecting': scene(
      { phase: { kind: 'connecting' }, quality: undefined, theirs: NO_PICTURE },
      { shows: 'Connecting…' },
    ),
    'call-video': scene({}, { shows: 'Picture of Ada Lovelace', stage: VIDEO }),
    'call-video-quiet': scene({}, { shows: 'Picture of Ada Lovelace', stage: VIDEO, rests: true }),
    'call-voice': scene(
      { media: 'audio', theirs: { ...NO_PICTURE, microphone: false }, way: 'relayed' },
      { shows: '/microphone is off/' },
    ),
    'call-screen': scene(
      {
        theirs: { microphone: true, camera: true, screen: true },
        quality: { ...QUALITY, level: 'fair' },
      },
      { shows: 'Screen of Ada Lovelace', stage: { on: { camera: true }, theirs: ['camera', 'screen'] } },
    ),
    'call-muted-sharing': scene(
      {},
      {
        shows: 'Ada Lovelace sees your screen',
        stage: { ...VIDEO, on: { microphone: false, camera: true, screen: true } },
      },
    ),
    'call-reconnecting': scene(
      {
        phase: { kind: 'reconnecting', since: NOW - 3_800_000, lostAt: NOW - 4_000 },
        quality: { ...QUALITY, level: 'poor' },
      },
      { shows: 'Reconnecting…', stage: VIDEO },
    ),
    'call-troubles': scene(
      { troubles: ['stopped-unencrypted', 'unreadable', 'no-relay'], theirs: NO_PICTURE },
      { shows: '/relays no calls/', stage: { isSilenced: true } },
    ),
    'call-without-keys': scene(
      { phase: { kind: 'connecting' }, troubles: ['no-keys'], quality: undefined, theirs: NO_PICTURE },
      { shows: '/have not come yet/' },
    ),
    'call-camera-busy': scene(
      { theirs: NO_PICTURE },
      { shows: 'The camera is in use', stage: { trouble: { of: 'camera', why: 'busy' } } },
    ),
    'call-more': scene({}, { shows: 'Compare the code', stage: VIDEO, press: ['More'] }),
    'call-devices': scene(
      {},
      { shows: 'Speaker', stage: VIDEO, press: ['More', { shows: 'Devices' }, 'Devices'] },
    ),
    'call-statistics': scene(
      { way: 'relayed' },
      { shows: 'Frames encrypted', stage: VIDEO, press: ['More', { shows: 'Devices' }, 'Connection'] },
    ),
    'call-code': scene(
      {},
      {
        shows: 'Code of this call',
        stage: VIDEO,
        press: ['More', { shows: 'Devices' }, '/^Compare the code$/'],
      },
    ),
    'call-small': scene({}, { shows: 'Back to the call', stage: VIDEO, press: ['Shrink the call'] }),
    'call-small-voice': scene(
      { media: 'audio', theirs: NO_PICTURE },
      { shows: 'Back to the call', press: ['Shrink the call'] },
    ),
    'call-elsewhere': scene({}, { shows: '/in another tab/', isElsewhere: true }),
    'call-ended': over({ why: 'hung-up', isMine: false, talkedMs: 754_000 }),
    'call-declined': over({ why: 'declined', isMine: false, talkedMs: undefined }),
    'call-unanswered': over({ why: 'no-answer', isMine: true, talkedMs: undefined }),
    'call-busy': over({ why: 'busy', isMine: false, talkedMs: undefined }),
    'call-failed': over({ why: 'failed', isMine: true, talkedMs: undefined }),
    'call-failed-without-keys': over({ why: 'failed', isMine: true, talkedMs: undefined }, ['no-keys']),
    'call-lost': over({ why: 'lost', isMine: true, talkedMs: 754_000 }),
  };
}
