/**
 * A door without a core behind it, for looking at screens: state that a scene sets, commands that move it as core would. Never shipped,
 * and never a stand-in in tests of behaviour, which run the real core against the real server.
 */
import { signal } from '@preact/signals-core';
import { idOf, type CallId } from '@tacet/protocol/ids';
import {
  FIRST_STATE,
  Refusal,
  type Commands,
  type ConversationId,
  type Door,
  type Failure,
  type Line,
  type OpenConversation,
  type Unstored,
  type ViewState,
} from '../../client/core/door.ts';

/** What a scene decides: the state at the start, the conversations behind it, and what is refused. */
export interface Scene {
  readonly state: Partial<ViewState>;
  readonly open?: Readonly<Record<string, OpenConversation>>;
  readonly refuse?: Readonly<Partial<Record<keyof Commands, Failure>>>;
  /** Commands that never answer. */
  readonly hang?: readonly (keyof Commands)[];
  readonly answers?: Partial<Commands>;
  /** Core runs in another tab. */
  readonly isElsewhere?: true;
  /** Texts that core has been given and has not stored. */
  readonly unstored?: readonly Unstored[];
}

type MessageLine = Extract<Line, { readonly kind: 'message' }>;

/** Opens a door onto a scene. */
export function makeFakeDoor(scene: Scene): Door {
  const first: ViewState = { ...FIRST_STATE, ...scene.state };
  const state = {
    session: signal(first.session),
    connection: signal(first.connection),
    conversations: signal(first.conversations),
    open: signal(first.open),
    devices: signal(first.devices),
    lock: signal(first.lock),
    resets: signal(first.resets),
    passphrase: signal(first.passphrase),
    refusedInvite: signal(first.refusedInvite),
    encounters: signal(first.encounters),
    alerts: signal(first.alerts),
    outdated: signal(first.outdated),
    progress: signal(first.progress),
    unreadTotal: signal(first.unreadTotal),
    indexing: signal(first.indexing),
    call: signal(first.call),
    notices: signal(first.notices),
    persistent: signal(first.persistent),
  };
  let sent = 0;

  function append(id: ConversationId, text: string): MessageLine['id'] {
    sent += 1;
    const messageId = `sent-${sent}` as MessageLine['id'];
    const open = state.open.value;
    if (open?.id !== id) return messageId;
    const line: MessageLine = {
      kind: 'message',
      id: messageId,
      order: (open.lines.at(-1)?.order ?? 0) + 1,
      mine: true,
      text,
      sentAt: Date.now(),
      receivedAt: Date.now(),
      delivery: { kind: 'sending' },
    };
    state.open.value = { ...open, lines: [...open.lines, line] };
    return messageId;
  }

  const commands: Commands = {
    readServer: async () => ({
      name: 'tacet.example',
      inviteOnly: true,
      fresh: false,
      relay: 'ready',
    }),
    readInvite: async (link) => ({ link, inviterUsername: 'ada', expiresAt: Date.now() + 6 * 86_400_000 }),
    suggestPassphrase: async () => 'copper lantern drizzle mammal untied harvest',
    estimatePassphrase: async (passphrase) => ({
      bits: passphrase.length * 3,
      enough: passphrase.length * 3 >= 66,
    }),
    signUp: async () => undefined,
    signIn: async () => undefined,
    signOut: async () => undefined,
    makeInvite: async (use) => ({
      link: `https://tacet.example/i/AbCdEfGhIjKlMnOpQrStUv#${'aZ09-_bY'.repeat(16)}`,
      expiresAt: Date.now() + (use === 'scan' ? 600_000 : 7 * 86_400_000),
    }),
    offerInvite: async () => ({
      link: `https://tacet.example/i/AbCdEfGhIjKlMnOpQrStUv#${'aZ09-_bY'.repeat(16)}`,
      expiresAt: Date.now() + 7 * 86_400_000,
    }),
    noteGivenInvite: async () => undefined,
    readOwnInvites: async () => [],
    withdrawInvite: async () => undefined,
    followInvite: async () => '' as ConversationId,
    confirmEncounter: async (id, number) => {
      const asked = state.encounters.value.find((one) => one.id === id);
      if (asked?.kind === 'choosing' && number !== asked.choices[0]) {
        state.encounters.value = state.encounters.value.filter((one) => one !== asked);
        return false;
      }
      state.encounters.value = state.encounters.value.map((one) =>
        one.id === id && (one.kind === 'asking' || one.kind === 'choosing')
          ? { ...one, kind: 'confirmed', number }
          : one,
      );
      return true;
    },
    endEncounter: async (id) => {
      state.encounters.value = state.encounters.value.filter((one) => one.id !== id);
    },
    seeRefusedInvite: async () => {
      state.refusedInvite.value = undefined;
    },
    seeAlert: async (id) => {
      state.alerts.value = state.alerts.value.filter((alert) => alert.id !== id);
    },
    startConversation: async () => '' as ConversationId,
    openConversation: async (id) => {
      state.open.value = id === undefined ? undefined : scene.open?.[id];
    },
    loadEarlier: async () => undefined,
    loadLater: async () => undefined,
    readDetails: async () => ({
      sentAt: Date.now() - 360_000,
      receivedAt: Date.now() - 359_000,
      reduced: false,
      delayed: false,
      devices: [
        {
          device: 'dAAAAAAAAAAAAAAAAAAAAA' as never,
          addedAt: Date.now() - 9e9,
          deliveredAt: Date.now() - 350_000,
          readAt: Date.now() - 300_000,
        },
        {
          device: 'eAAAAAAAAAAAAAAAAAAAAA' as never,
          addedAt: Date.now() - 6e9,
          deliveredAt: undefined,
          readAt: undefined,
        },
      ],
    }),
    prepareSearch: async () => undefined,
    stopIndexing: async () => {
      state.indexing.value = undefined;
    },
    searchMessages: async () => ({ groups: [], more: false, complete: true }),
    acceptRequest: async (id) => {
      const open = state.open.value;
      if (open?.id === id) state.open.value = { ...open, state: 'accepted' };
    },
    block: async () => undefined,
    unblock: async () => undefined,
    sendText: async (id, text) => append(id, text),
    editMessage: async () => undefined,
    react: async () => undefined,
    deleteForEveryone: async () => undefined,
    deleteForMe: async () => undefined,
    clearHistory: async () => undefined,
    setTimer: async () => undefined,
    setPrivacy: async () => undefined,
    setDefaultTimer: async () => undefined,
    readSafetyNumber: async (id) => ({
      digits: '304817265091773620418859023341'.repeat(2),
      code: new TextEncoder().encode(`Tacet/safety/v1\0${id.repeat(5)}`),
    }),
    compareCode: async () => 'not-a-code',
    verify: async () => undefined,
    unverify: async () => undefined,
    goOnUnverified: async () => undefined,
    keepEarlierKey: async () => undefined,
    sendHeld: async () => undefined,
    discardHeld: async () => undefined,
    retrySend: async () => undefined,
    markRead: async () => undefined,
    setTyping: async () => undefined,
    setDraft: async () => undefined,
    setName: async () => undefined,
    setPicture: async () => undefined,
    readPicture: async () => undefined,
    readRecentEmoji: async () => ['👍', '❤️', '😂', '🎉'],
    noteEmoji: async () => undefined,
    renameDevice: async (device, name) => {
      state.devices.value = state.devices.value.map((each) =>
        each.device === device ? { ...each, name: name === '' ? undefined : name } : each,
      );
    },
    removeDevice: async (device) => {
      state.devices.value = state.devices.value.filter((each) => each.device !== device);
    },
    beginReset: async () => undefined,
    cancelReset: async () => undefined,
    finishReset: async () => undefined,
    changePassphrase: async () => undefined,
    checkPassphrase: async () => undefined,
    postponePassphrase: async () => {
      state.passphrase.value = { asked: false };
    },
    seePassphraseChange: async () => {
      state.passphrase.value = { asked: false };
    },
    deleteAccount: async () => undefined,
    wipe: async () => undefined,
    setLock: async ({ afterMs }) => {
      state.lock.value = { afterMs };
    },
    clearLock: async () => {
      state.lock.value = undefined;
    },
    lock: async () => undefined,
    unlock: async () => undefined,
    noteActivity: async () => undefined,
    readFaults: async () => ({ unopened: 0, unproven: 0 }),
    setNotices: async () => undefined,
    findNoticed: async () => undefined,
    connectNow: async () => undefined,
    startCall: async () => idOf<CallId>(new Uint8Array(16).fill(9)),
    takeCall: async () => undefined,
    hangUp: async () => undefined,
    seeCallEnd: async () => {
      state.call.value = undefined;
    },
    ...scene.answers,
  };
  for (const [name, failure] of Object.entries(scene.refuse ?? {})) {
    Object.assign(commands, { [name]: () => Promise.reject(new Refusal(failure)) });
  }
  for (const name of scene.hang ?? []) {
    Object.assign(commands, { [name]: () => new Promise<never>(() => undefined) });
  }
  return {
    state,
    commands,
    unstored: signal(scene.unstored ?? []),
    takeovers: signal(0),
    isElsewhere: signal(scene.isElsewhere === true),
    attend: () => undefined,
    takeOver: () => undefined,
    close: () => undefined,
  };
}
