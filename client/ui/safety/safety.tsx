/** The safety screen of a contact: the number to compare, the code to show, the camera to scan theirs, and what follows from it. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Camera, ShieldCheck, ShieldOff } from 'lucide';
import type { CodeComparison, ConversationId, PersonView, SafetyNumber } from '../../core/door.ts';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { PaneHeader } from '../components/pane-header.tsx';
import { Qr } from '../components/qr.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { Trust } from '../conversation/trust.tsx';
import { inBackground, useAsking, useDoor, useLoaded } from '../door-context.ts';
import { Nothing } from '../screens/nothing.tsx';
import { fill, text } from '../text/text.ts';
import css from './safety.module.css';
import { Scanner } from './scanner.tsx';

/** Digits that are read out together. */
const GROUP = 5;

export function Safety({ id }: { readonly id: ConversationId }): VNode {
  const { conversations } = useDoor().state;
  const summary = conversations.value.find((one) => one.id === id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [id]);
  return (
    <>
      <PaneHeader back={{ kind: 'conversation', id }}>
        <h1 ref={heading} tabIndex={-1} class={css.title}>
          {text.safety.title}
        </h1>
      </PaneHeader>
      {summary === undefined ? (
        <Nothing title={text.conversation.unknownTitle} lead={text.conversation.unknownText} home />
      ) : (
        <Comparing
          key={`${id} ${summary.person.key}`}
          person={summary.person}
          blocked={summary.person.changed === true}
        />
      )}
    </>
  );
}

function Comparing({ person, blocked }: { readonly person: PersonView; readonly blocked: boolean }): VNode {
  const { commands } = useDoor();
  const [number, again] = useLoaded(() => commands.readSafetyNumber(person.account), person.account);
  return (
    <div class={css.scroll}>
      <div class={css.column}>
        <div>
          <Trust person={person} />
        </div>
        {blocked && <Note kind="caution">{fill(text.safety.blocked, { name: person.name })}</Note>}
        <p>{fill(text.safety.lead, { name: person.name })}</p>
        {number.kind === 'loading' && <Skeleton shape="text" count={3} />}
        {number.kind === 'failed' && (
          <>
            <FailureNote failure={number.failure} />
            <Button onClick={again}>{text.common.retry}</Button>
          </>
        )}
        {number.kind === 'loaded' && <Compared person={person} number={number.value} blocked={blocked} />}
      </div>
    </div>
  );
}

function Compared({
  person,
  number,
  blocked,
}: {
  readonly person: PersonView;
  readonly number: SafetyNumber;
  readonly blocked: boolean;
}): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const [scanning, setScanning] = useState(false);
  const [reading, setReading] = useState<CodeComparison | undefined>(undefined);
  const buttons = useRef<HTMLDivElement>(null);
  const wasScanning = useRef(false);
  useEffect(() => {
    if (wasScanning.current && !scanning) buttons.current?.querySelector('button')?.focus();
    wasScanning.current = scanning;
  }, [scanning]);
  const { name, account } = person;
  const isVerified = person.trust === 'verified' && !blocked;
  const groups = number.digits.match(new RegExp(`.{${GROUP}}`, 'g')) ?? [];

  async function mark(): Promise<void> {
    if (await ask(() => commands.verify(account, number.digits))) {
      announce(fill(text.safety.nowVerified, { name }));
    }
  }

  async function scanned(code: Uint8Array): Promise<void> {
    setScanning(false);
    await ask(async () => {
      const found = await commands.compareCode(account, code);
      // Called equal only once that key is the one that was marked.
      if (found === 'equal') await commands.verify(account, number.digits);
      setReading(found);
    });
  }

  return (
    <>
      <div role="group" aria-label={fill(text.safety.digits, { name })} class={css.digits} dir="ltr">
        {groups.map((group, i) => (
          <span key={i}>
            <span aria-hidden="true">{group}</span>
            <span class="heard">{`${group.split('').join(' ')}. `}</span>
          </span>
        ))}
      </div>
      <Qr content={number.code} label={fill(text.safety.code, { name })} />
      {reading !== undefined && (
        <div role="status">
          <Note kind={reading === 'equal' ? 'info' : reading === 'different' ? 'danger' : 'caution'}>
            {fill(text.safety.readings[reading], { name })}
          </Note>
        </div>
      )}
      <FailureNote failure={failure} />
      {scanning && (
        <Scanner onFound={(code) => inBackground(scanned(code))} onStop={() => setScanning(false)} />
      )}
      <div class={css.buttons} ref={buttons}>
        {!scanning && (
          <Button
            wide
            icon={Camera}
            onClick={() => {
              setReading(undefined);
              setScanning(true);
            }}
          >
            {text.safety.scan}
          </Button>
        )}
        {reading === 'equal-to-earlier' && blocked && (
          <Button wide busy={busy} onClick={() => inBackground(ask(() => commands.keepEarlierKey(account)))}>
            {text.safety.keepEarlier}
          </Button>
        )}
        {isVerified ? (
          <Button
            wide
            icon={ShieldOff}
            busy={busy}
            onClick={() => {
              setReading(undefined);
              inBackground(ask(() => commands.unverify(account)));
            }}
          >
            {text.safety.unverify}
          </Button>
        ) : (
          <Button kind="primary" wide icon={ShieldCheck} busy={busy} onClick={() => inBackground(mark())}>
            {text.safety.verify}
          </Button>
        )}
        {blocked && (
          <Button
            wide
            busy={busy}
            onClick={() => inBackground(ask(() => commands.goOnUnverified(account, person.key)))}
          >
            {text.safety.goOn}
          </Button>
        )}
      </div>
    </>
  );
}
