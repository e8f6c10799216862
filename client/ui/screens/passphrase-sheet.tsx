/** What the printer gets, and the screen never shows: one page to put away. */
import type { VNode } from 'preact';
import { exactNow } from '../clock.ts';
import { Mark } from '../components/mark.tsx';
import { formatDate } from '../text/dates.ts';
import { text } from '../text/text.ts';
import css from './passphrase-sheet.module.css';

export function PrintSheet({
  username,
  passphrase,
}: {
  readonly username: string;
  readonly passphrase: string;
}): VNode {
  return (
    <section class={css.sheet} aria-hidden="true">
      <Mark size={48} />
      <p class={css.title}>{text.signUp.sheetTitle}</p>
      <dl class={css.facts}>
        <dt>{text.signUp.sheetServer}</dt>
        <dd>{location.origin}</dd>
        <dt>{text.signUp.sheetUsername}</dt>
        <dd>{username}</dd>
        <dt>{text.signUp.sheetPassphrase}</dt>
        <dd class={css.secret}>{passphrase}</dd>
        <dt>{text.signUp.sheetDate}</dt>
        <dd>{formatDate(exactNow())}</dd>
      </dl>
      <p>{text.signUp.sheetAdvice}</p>
    </section>
  );
}
