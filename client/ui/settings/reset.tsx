/** The reset after a lost passphrase: announcing it, waiting, finishing it here, ending it with the passphrase. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ResetView } from '../../core/door.ts';
import { shownNow } from '../clock.ts';
import { announce } from '../components/announcer.tsx';
import { Button, ButtonLink } from '../components/button.tsx';
import { Question } from '../components/question.tsx';
import { useDoor } from '../door-context.ts';
import { useResets } from '../resets.ts';
import { linkTo } from '../router.ts';
import { formatFull } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';
import { AskPassphrase } from './ask-passphrase.tsx';
import { ResetNotice } from './reset-notice.tsx';

export function Reset(): VNode {
  const { commands } = useDoor();
  const [asking, setAsking] = useState<'begin' | 'end' | undefined>(undefined);
  const resets = useResets();
  const own = resets.find(({ isThis }) => isThis);
  const close = (): void => setAsking(undefined);
  return (
    <>
      <ResetNotice />
      {own === undefined ? (
        <>
          <p>{resets.length === 0 ? text.account.lostText : text.account.lostBeside}</p>
          <div>
            <Button onClick={() => setAsking('begin')}>{text.account.lostBegin}</Button>
          </div>
        </>
      ) : (
        <Announced {...own} />
      )}
      {resets.length > 0 && (
        <div>
          <Button onClick={() => setAsking('end')}>{text.account.lostEnd}</Button>
        </div>
      )}
      {asking === 'begin' && <Begin onClose={close} />}
      {asking === 'end' && (
        <AskPassphrase
          title={text.account.lostEndTitle}
          loses={text.account.lostEndText}
          confirm={text.account.lostEnd}
          onClose={close}
          onAsk={(passphrase) => commands.cancelReset(passphrase)}
          onDone={() => announce(text.common.saved)}
        />
      )}
    </>
  );
}

function Announced({ dueAt, lapsesAt }: ResetView): VNode {
  const now = shownNow.value;
  if (dueAt > now) return <p>{fill(text.account.lostWaits, { date: formatFull(dueAt) })}</p>;
  return (
    <>
      <p>{fill(text.account.lostDue, { date: formatFull(lapsesAt) })}</p>
      <div>
        <ButtonLink kind="primary" {...linkTo({ kind: 'settings', page: 'reset' })}>
          {text.account.lostFinish}
        </ButtonLink>
      </div>
    </>
  );
}

function Begin({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands } = useDoor();
  return (
    <Question
      title={text.account.lostTitle}
      confirm={text.account.lostBegin}
      act={() => commands.beginReset()}
      onDone={onClose}
      onClose={onClose}
    >
      <p>{text.account.lostLoses}</p>
    </Question>
  );
}
