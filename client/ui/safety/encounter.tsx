/**
 * A code was scanned face to face. The screen that scanned it shows a number; the one that showed it asks which of three the other shows,
 * so that nobody says yes without having looked. A question can be put aside and taken up again above the list. The last word of a person
 * is kept here until it is seen, though core has forgotten the rest.
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { EncounterView } from '../../core/door.ts';
import { shownNow } from '../clock.ts';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { BlockPerson } from '../contact/block-person.tsx';
import { inBackground, useAsking, useDelayed, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import { isPutAside, nameOf, putAside } from './aside.ts';
import css from './safety.module.css';

/** As long as a question waits for the name of whoever it is about. */
const NAME_MS = 4_000;

/** What was said last: no, or a number that the other screen does not show. */
interface Refusal {
  readonly encounter: EncounterView;
  readonly isOther: boolean;
}

/** The question that has waited longest, or what was just refused. */
export function Encounters(): VNode | null {
  const { commands, state } = useDoor();
  const [refused, setRefused] = useState<Refusal | undefined>(undefined);
  const found = state.encounters.value.find((one) => !isPutAside(one));
  if (refused !== undefined) return <Refused {...refused} onClose={() => setRefused(undefined)} />;
  if (found === undefined) return null;

  function end(): void {
    if (found !== undefined) inBackground(commands.endEncounter(found.id));
  }

  return (
    <Asked
      key={found.id}
      encounter={found}
      onRefuse={() => {
        setRefused({ encounter: found, isOther: false });
        end();
      }}
      onOther={() => setRefused({ encounter: found, isOther: true })}
      onAside={() => putAside(found)}
      onEnd={end}
    />
  );
}

function Asked({
  encounter,
  onRefuse,
  onOther,
  onAside,
  onEnd,
}: {
  readonly encounter: EncounterView;
  readonly onRefuse: () => void;
  readonly onOther: () => void;
  readonly onAside: () => void;
  readonly onEnd: () => void;
}): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const { id } = encounter;
  const name = nameOf(encounter);
  const isLate = useDelayed(encounter.name === undefined, NAME_MS);
  const isMet = encounter.kind === 'met';
  useEffect(() => {
    if (isMet) announce(fill(text.encounter.metTitle, { name }));
  }, [isMet]);
  const isOver = failure?.code === 'too-late' || ('until' in encounter && shownNow.value >= encounter.until);
  if (encounter.kind === 'met') {
    return <Outcome title={text.encounter.metTitle} lead={text.encounter.met} name={name} onClose={onEnd} />;
  }
  if (encounter.kind === 'changed' || failure?.code === 'key-changed') {
    return (
      <Outcome
        title={text.encounter.changedTitle}
        lead={text.encounter.changed}
        name={name}
        onClose={onEnd}
      />
    );
  }
  if (isOver) {
    return (
      <Outcome title={text.encounter.overTitle} lead={text.encounter.over} name={name} onClose={onEnd} />
    );
  }
  if (encounter.kind === 'confirmed') {
    return (
      <Dialog title={fill(text.encounter.confirmedTitle, { name })} onClose={onAside}>
        <p>{fill(text.encounter.confirmed, { name })}</p>
        <Digits number={encounter.number} />
        <DialogActions>
          <Button onClick={onAside}>{text.common.close}</Button>
        </DialogActions>
      </Dialog>
    );
  }
  function say(number: string): void {
    inBackground(
      ask(async () => {
        if (!(await commands.confirmEncounter(id, number))) onOther();
      }),
    );
  }

  const isAsked = encounter.name !== undefined || isLate;
  return (
    <Dialog
      title={isAsked ? fill(text.encounter.title, { name }) : text.encounter.unnamedTitle}
      onClose={onAside}
    >
      {isAsked && <Username encounter={encounter} />}
      {!isAsked || encounter.kind === 'waiting' ? (
        <>
          <p>
            {encounter.kind === 'waiting' ? fill(text.encounter.waiting, { name }) : text.encounter.unnamed}
          </p>
          <Skeleton shape="text" count={1} />
        </>
      ) : encounter.kind === 'choosing' ? (
        <>
          <p>{fill(text.encounter.choose, { name })}</p>
          <div role="group" aria-label={text.encounter.choices} class={css.buttons}>
            {encounter.choices.map((choice) => (
              <Button key={choice} busy={busy} onClick={() => say(choice)}>
                <Heard number={choice} />
              </Button>
            ))}
          </div>
        </>
      ) : (
        <>
          <p>{fill(text.encounter.lead, { name })}</p>
          <Digits number={encounter.number} />
        </>
      )}
      <FailureNote failure={failure} />
      <DialogActions>
        <Button onClick={onRefuse}>
          {encounter.kind === 'choosing' ? text.encounter.none : text.encounter.refuse}
        </Button>
        {encounter.kind === 'asking' && isAsked && (
          <Button kind="primary" busy={busy} onClick={() => say(encounter.number)}>
            {text.encounter.confirm}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}

/** Whose it is, besides the name that anybody can give himself. */
function Username({
  encounter: { name, username, claims },
}: {
  readonly encounter: EncounterView;
}): VNode | null {
  const shown = claims === undefined ? username : fill(text.trust.claimed, { username: claims });
  return shown === undefined || shown === name ? null : <p class={css.username}>{shown}</p>;
}

/** The number, to be seen across a table. */
function Digits({ number }: { readonly number: string }): VNode {
  return (
    <div role="group" aria-label={text.encounter.number} class={css.number}>
      <Heard number={number} />
    </div>
  );
}

/** A number in two groups, heard digit by digit. */
function Heard({ number }: { readonly number: string }): VNode {
  const groups = [number.slice(0, 3), number.slice(3)];
  return (
    <span dir="ltr" class={css.choice}>
      <span aria-hidden="true">{groups.join(' ')}</span>
      <span class="heard">{number.split('').join(' ')}</span>
    </span>
  );
}

function Outcome({
  title,
  lead,
  name,
  onClose,
}: {
  readonly title: string;
  readonly lead: string;
  readonly name: string;
  readonly onClose: () => void;
}): VNode {
  return (
    <Dialog title={fill(title, { name })} onClose={onClose}>
      <p>{fill(lead, { name })}</p>
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          {text.common.close}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** Whoever used the code without being there has come in by it. */
function Refused({
  encounter,
  isOther,
  onClose,
}: Refusal & {
  readonly onClose: () => void;
}): VNode {
  const [blocking, setBlocking] = useState(false);
  const { account, verified } = encounter;
  const name = nameOf(encounter);
  if (blocking) return <BlockPerson id={account} name={name} onClose={onClose} />;
  return (
    <Dialog title={isOther ? text.encounter.otherTitle : text.encounter.refusedTitle} onClose={onClose}>
      {isOther && <p>{fill(text.encounter.other, { name })}</p>}
      <Note kind="info">
        {fill(verified ? text.encounter.refusedVerified : text.encounter.refused, { name })}
      </Note>
      <DialogActions>
        <Button kind="danger" onClick={() => setBlocking(true)}>
          {text.contact.block}
        </Button>
        <Button kind="primary" onClick={onClose}>
          {text.common.close}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
