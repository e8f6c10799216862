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
    makeInvite: async (use = 'link') => (await life.home().giving()).make(use),
    offerInvite: async () => (await life.home().giving()).offer(),
    noteGivenInvite: async (link) => (await life.home().giving()).noteGiven(link),
    readOwnInvites: async () => (await life.home().giving()).list(),
    withdrawInvite: async (link) => (await life.home().giving()).withdraw(link),
    followInvite: async (link) => (await life.home().meeting()).followInvite(link),
    seeRefusedInvite: async () => life.home().forgetInvite(),
    startConversation: async (username) => (await life.home().contacts()).startConversation(username),
    acceptRequest: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await home.talk.acceptRequest(id);
    },
    block: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await (await home.contacts()).block(id);
    },
    unblock: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await (await home.contacts()).unblock(id);
    },
    readSafetyNumber: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      return (await home.safety()).read(id);
    },
    compareCode: async (conversation, scanned) => {
      const { home, id } = life.conversation(conversation);
      return (await home.safety()).compare(id, scanned);
    },
    verify: async (conversation, digits) => {
      const { home, id } = life.conversation(conversation);
      await (await home.safety()).verify(id, digits);
    },
    unverify: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await (await home.safety()).unverify(id);
    },
    goOnUnverified: async (conversation, digits) => {
      const { home, id } = life.conversation(conversation);
      await (await home.safety()).goOnUnverified(id, digits);
    },
    keepEarlierKey: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await (await home.safety()).keepEarlierKey(id);
    },
    sendHeld: async (conversation, shownKey, message) => {
      const { home, id } = life.conversation(conversation);
      await (await home.safety()).sendHeld(id, shownKey, message);
    },
    discardHeld: async (conversation, message) => {
      const { home, id } = life.conversation(conversation);
      await (await home.acts()).discardHeld(id, message);
    },
    readPicture: async (account) => life.home().profiles.picture(account),
  } satisfies Partial<Commands>;
}
