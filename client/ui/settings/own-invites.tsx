/** The own invite links: when they were made and end, whether somebody came by them; copying and withdrawing those that are open. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { UserPlus } from 'lucide';
import type { Failure, OwnInviteView } from '../../core/door.ts';
import { failureOf } from '../../core/door.ts';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { FailureNote } from '../components/note.tsx';
import { Question } from '../components/question.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { inBackground, useDoor, useIsHere } from '../door-context.ts';
import { NewInvite } from '../list/new-invite.tsx';
import { formatDate, formatFull } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';
import css from './devices.module.css';

/** The list, read again after each change and when somebody has come, without going blank in between. */
function useOwnInvites(): {
  readonly invites: readonly OwnInviteView[] | undefined;
  readonly failure: Failure | undefined;
  readonly read: () => Promise<void>;
} {
  const { commands, state } = useDoor();
  const isHere = useIsHere();
  const [invites, setInvites] = useState<readonly OwnInviteView[] | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  async function read(): Promise<void> {
    try {
      const found = await commands.readOwnInvites();
      if (!isHere.current) return;
      setInvites(found);
      setFailure(undefined);
    } catch (error) {
      if (isHere.current) setFailure(failureOf(error));
    }
  }
  // Whoever comes by a link is a conversation first, and has a name soon after.
  const people = state.conversations.value;
  useEffect(() => inBackground(read()), [people]);
  return { invites, failure, read };
}

export function OwnInvites(): VNode {
  const { invites, failure, read } = useOwnInvites();
  const [withdrawing, setWithdrawing] = useState<string | undefined>(undefined);
  const [inviting, setInviting] = useState(false);
  const lead = useRef<HTMLParagraphElement>(null);
  return (
    <>
      <p class={css.lead} ref={lead} tabIndex={-1}>
        {invites?.length === 0 ? text.ownInvites.none : text.ownInvites.lead}
      </p>
      <div>
        <Button icon={UserPlus} onClick={() => setInviting(true)}>
          {text.list.invite}
        </Button>
      </div>
      {inviting && (
        <NewInvite
          shows={false}
          onClose={() => {
            setInviting(false);
            inBackground(read());
          }}
        />
      )}
      <FailureNote failure={failure} />
      {invites === undefined && failure === undefined && <Skeleton shape="text" count={3} />}
      {invites !== undefined && invites.length > 0 && (
        <ul class={css.list} aria-label={text.ownInvites.list}>
          {invites.map((invite) => (
            <OwnInvite
              key={`${invite.madeAt} ${invite.expiresAt}`}
              invite={invite}
              onGiven={() => inBackground(read())}
              onWithdraw={setWithdrawing}
            />
          ))}
        </ul>
      )}
      {withdrawing !== undefined && (
        <Withdraw
          link={withdrawing}
          onClose={() => setWithdrawing(undefined)}
          onDone={() => {
            setWithdrawing(undefined);
            announce(text.ownInvites.withdrawn);
            // The button that was pressed goes with the link.
            inBackground(read().then(() => lead.current?.focus()));
          }}
        />
      )}
    </>
  );
}

function stateText({ state, by }: OwnInviteView): string {
  return state === 'used' && by !== undefined
    ? fill(text.ownInvites.usedBy, { name: by })
    : text.ownInvites.states[state];
}

function OwnInvite({
  invite,
  onGiven,
  onWithdraw,
}: {
  readonly invite: OwnInviteView;
  readonly onGiven: () => void;
  readonly onWithdraw: (link: string) => void;
}): VNode {
  const { commands } = useDoor();
  const { link, madeAt, expiresAt } = invite;
  const until = { date: formatFull(expiresAt) };
  return (
    <li class={css.device}>
      <div class={css.about}>
        <h2 class={css.name} dir="auto">
          {stateText(invite)}
        </h2>
        {madeAt !== undefined && <p>{fill(text.ownInvites.made, { date: formatFull(madeAt) })}</p>}
        <p>{link === undefined ? fill(text.ownInvites.ends, until) : fill(text.ownInvites.until, until)}</p>
      </div>
      {link !== undefined && (
        <div class={css.acts}>
          <CopyButton
            value={link}
            label={text.ownInvites.copy}
            kind="quiet"
            onCopied={() => inBackground(commands.noteGivenInvite(link).then(onGiven))}
          />
          <Button
            label={fill(text.ownInvites.withdrawLabel, { date: formatDate(madeAt ?? expiresAt) })}
            onClick={() => onWithdraw(link)}
          >
            {text.ownInvites.withdraw}
          </Button>
        </div>
      )}
    </li>
  );
}

function Withdraw({
  link,
  onClose,
  onDone,
}: {
  readonly link: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}): VNode {
  const { commands } = useDoor();
  return (
    <Question
      title={text.ownInvites.withdrawTitle}
      confirm={text.ownInvites.withdrawConfirm}
      act={() => commands.withdrawInvite(link)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{text.ownInvites.withdrawLoses}</p>
    </Question>
  );
}
