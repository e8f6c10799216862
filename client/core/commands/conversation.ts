/** Commands about conversations and their messages: shown, searched, written, changed, deleted. */
import { readDetails } from '../details.ts';
import { fetchPart } from '../failure.ts';
import { noteEmoji, readRecentEmoji } from '../recent-emoji.ts';
import { prepareSearch } from '../search/preparing.ts';
import type { Commands } from '../view.ts';
import type { CommandNeeds } from './needs.ts';

export function conversationCommands({ life, state, started, mirror, key, background }: CommandNeeds) {
  return {
    openConversation: async (conversation, at) => {
      if (state.session.value.kind === 'starting') {
        mirror.wish(conversation, at);
        await started;
      }
      if (conversation === undefined) {
        mirror.closeConversation();
        return;
      }
      await mirror.openConversation(life.conversation(conversation).id, at);
    },
    loadEarlier: async (conversation) => mirror.loadEarlier(life.conversation(conversation).id),
    loadLater: async (conversation) => mirror.loadLater(life.conversation(conversation).id),
    readDetails: async (conversation, order) => {
      const { home, id } = life.conversation(conversation);
      return readDetails(home, id, order);
    },
    prepareSearch: async () => prepareSearch(life.home().conversations, state.indexing, background),
    stopIndexing: async () => life.home().conversations.index.stop(),
    searchMessages: async (query, within, most) => {
      const only = within === undefined ? undefined : life.conversation(within).id;
      const { searchMessages } = await fetchPart(() => import('../search/searching.ts'));
      return searchMessages(life.home(), query, only, most);
    },
    sendText: async (conversation, text, reply, draft) => {
      const { home, id } = life.conversation(conversation);
      home.directory.requireUnblocked(id);
      const message = await home.talk.sendText(id, text, key(), { reply, draft });
      await mirror.showLatest(id);
      return message;
    },
    editMessage: async (conversation, message, text) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.acts()).edit(id, message, text);
    },
    react: async (conversation, message, emoji) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.acts()).react(id, message, emoji);
    },
    readRecentEmoji: async () => readRecentEmoji(life.home().db),
    noteEmoji: async (emoji) => noteEmoji(life.home().db, emoji),
    deleteForEveryone: async (conversation, message) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.acts()).deleteForEveryone(id, message);
    },
    deleteForMe: async (conversation, messages) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.acts()).deleteForMe(id, messages);
    },
    clearHistory: async (conversation) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.acts()).clearHistory(id);
    },
    setTimer: async (conversation, seconds) => {
      const { home, id } = life.conversation(conversation);
      await (await home.late.acts()).setTimer(id, seconds);
    },
    retrySend: async (message) => life.home().talk.retrySend(message),
    markRead: async (conversation, order) => {
      const { home, id } = life.conversation(conversation);
      await home.talk.markRead(id, order);
    },
    setTyping: async (conversation, on) => {
      const { home, id } = life.conversation(conversation);
      home.talk.setTyping(id, on);
    },
    setDraft: async (conversation, text) => {
      const { home, id } = life.conversation(conversation);
      await home.talk.setDraft(id, text);
    },
  } satisfies Partial<Commands>;
}
