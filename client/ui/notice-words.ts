/** What a notification says, by what core lets it say. */
import { plural, text } from './text/text.ts';

/** A new message, as core tells of it: the name and the text only where the person wants them shown. */
export interface NewMessages {
  readonly count: number;
  /** The newest of what is unread is a call that nobody took. */
  readonly missedCall?: true;
  readonly name?: string;
  readonly text?: string;
}

/** Title and body of a notification. */
export function noticeWords({ count, missedCall, name, text: quoted }: NewMessages): {
  readonly title: string;
  readonly body: string;
} {
  return {
    title: name ?? text.app.name,
    body: quoted ?? (missedCall ? text.calls.noticeMissed : plural(text.notices.newMessages, count)),
  };
}
