/** Commands about other people: how they are met, whether they are let in, and whether their keys are believed. */
import { readInvite } from '@tacet/protocol/rest/people';
import { parseInviteLink } from '../account/invites.ts';
import type { Commands } from '../view.ts';
import type { CommandNeeds } from './needs.ts';

export function peopleCommands({ life, ports, rest }: CommandNeeds) {
  return {
    readInvite: async (link) => {
      const { code } = parseInviteLink(link, ports.origin);
      const reply = await rest.call(readInvite, { params: { code } });
      return { link, inviterUsername: reply.inviter?.username, expiresAt: reply.expiresAt };
    },
    makeInvite: async (use = 'link') => (await life.home().late.giving()).make(use),
    offerInvite: async () => (await life.home().late.giving()).offer(),
    noteGivenInvite: async (link) => (await life.home().late.giving()).noteGiven(link),
    readOwnInvites: async () => (await life.home().late.giving()).list(),
    withdrawInvite: async (link) => (await life.home().late.giving()).withdraw(link),
    followInvite: async (link) => (await life.home().late.meeting()).followInvite(link),
    confirmEncounter: async (id, number) => life.home().confirmEncounter(id, number),
    endEncounter: async (id) => life.home().endEncounter(id),
    seeRefusedInvite: async () => life.home().alerts.seeRefusedInvite(),
    startConversation: async (username) => (await life.home().late.contacts()).startConversation(username),
    acceptRequest: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await home.talk.acceptRequest(id);
    },
    block: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      // While something can still be said to him.
      await home.late.endCallWith(id, () => home.connection.online);
      await (await home.late.contacts()).block(id);
    },
    unblock: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.contacts()).unblock(id);
    },
    readSafetyNumber: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      return (await home.late.safety()).read(id);
    },
    compareCode: async (conversation, scanned) => {
      const { home, id } = life.conversation(conversation);
      return (await home.late.safety()).compare(id, scanned);
    },
    verify: async (conversation, digits) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.safety()).verify(id, digits);
    },
    unverify: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.safety()).unverify(id);
    },
    goOnUnverified: async (conversation, shownKey) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.safety()).goOnUnverified(id, shownKey);
    },
    keepEarlierKey: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.safety()).keepEarlierKey(id);
    },
    sendHeld: async (conversation, shownKey, message) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.safety()).sendHeld(id, shownKey, message);
    },
    discardHeld: async (conversation, message) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.acts()).discardHeld(id, message);
    },
    readPicture: async (account) => life.home().profiles.picture(account),
  } satisfies Partial<Commands>;
}
