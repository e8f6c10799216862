/** Text that a terminal shows and does nothing else with. */

/** Control and format characters, what has no meaning, and ends of lines and paragraphs. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** The same text with every character that is not to be seen written out: a terminal takes some of them for commands. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (each) => `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`);
}
