/** What a search found: people by name and username, then messages by conversation, each a link to its place in the conversation. */
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { UserSearch } from 'lucide';
import type {
  ConversationFinds,
  ConversationId,
  ConversationSummary,
  Failure,
  MessageFind,
  SearchResults as Results,
} from '../../core/door.ts';
import { failureOf } from '../../core/door.ts';
import { usernameProblem } from '../account-rules.ts';
import { shownNow } from '../clock.ts';
import { Avatar } from '../components/avatar.tsx';
import { Button } from '../components/button.tsx';
import { memo } from '../components/memo.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { showPlace } from '../conversation/jump-target.ts';
import { inBackground, useDoor } from '../door-context.ts';
import { addressOf, linkTo } from '../router.ts';
import { formatFull, formatListTime } from '../text/dates.ts';
import { fill, formatNumber, plural, text } from '../text/text.ts';
import { findPeople, isKnownUsername } from './find-people.ts';
import css from './search-results.module.css';
import { wish } from './search-state.ts';

/** People who are shown above the messages, until all are wanted. */
const PEOPLE_MOST = 5;
/** Finds of one conversation that are shown while others have some too. */
const FINDS_MOST = 3;

/** What was found, and for what: by the time it comes something else may be typed. */
type Answer =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'found';
      readonly results: Results;
      readonly typed: string;
      readonly within: ConversationId | undefined;
      /** The newest of what will be found; the rest is on its way. */
      readonly isPart: boolean;
      /** The rest did not come. */
      readonly failure?: Failure;
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Finds that are asked for at first, about a screen of them: the rest is read while these are looked at, unless the next letter comes. */
const FINDS_AT_FIRST = 12;
const REST_AFTER_MS = 150;

/** Asks again whenever what is typed changes, or more can be found. The last answer stays until the next one is there. */
function useAnswer(typed: string, within: ConversationId | undefined, round: string): Answer {
  const { commands } = useDoor();
  const [answer, setAnswer] = useState<Answer>({ kind: 'none' });
  /** What was found whole: asked for again it is asked for whole, so that what is shown does not shrink. */
  const whole = useRef<Answer>({ kind: 'none' });
  // Before the browser paints: core searches meanwhile.
  useLayoutEffect(() => {
    let isWanted = true;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const ask = (most?: number, part?: Answer): void => {
      commands.searchMessages(typed, within, most).then(
        (results) => {
          if (!isWanted) return;
          const isPart = most !== undefined && results.more;
          const found: Answer = { kind: 'found', results, typed, within, isPart };
          setAnswer(found);
          if (isPart) rest = setTimeout(() => ask(undefined, found), REST_AFTER_MS);
          else whole.current = found;
        },
        (error: unknown) => {
          if (!isWanted) return;
          const failure = failureOf(error);
          setAnswer(
            part?.kind === 'found' ? { ...part, isPart: false, failure } : { kind: 'failed', failure },
          );
        },
      );
    };
    const { current: last } = whole;
    const isAgain = last.kind === 'found' && last.typed === typed && last.within === within;
    ask(isAgain ? undefined : FINDS_AT_FIRST);
    return () => {
      isWanted = false;
      clearTimeout(rest);
    };
  }, [typed, within, round]);
  return answer;
}

export function SearchResults({
  onLookUp,
}: {
  /** Nobody known has this username: it may be somebody's username on this server. */
  readonly onLookUp: (username: string) => void;
}): VNode {
  const { state, commands } = useDoor();
  const { typed, within } = wish.value;
  const indexing = state.indexing.value;
  const wasIndexing = useRef(false);
  const [round, setRound] = useState(0);
  useEffect(() => {
    // The index has just got what it lacked: what was asked is asked again.
    if (wasIndexing.current && indexing === undefined) setRound((before) => before + 1);
    wasIndexing.current = indexing !== undefined;
  }, [indexing === undefined]);
  const answer = useAnswer(typed.trim(), within?.id, String(round));
  const wanted = typed.trim();
  const peopleFor = (words: string, only: ConversationId | undefined): readonly ConversationSummary[] =>
    only !== undefined || words === '' ? [] : findPeople(state.conversations.value, words);
  const people = peopleFor(wanted, within?.id);
  const username = wanted.replace(/^@/, '').toLocaleLowerCase('en');
  const mayLookUp =
    within === undefined &&
    usernameProblem(username) === undefined &&
    !isKnownUsername(state.conversations.value, username);
  const groups = answer.kind === 'found' ? answer.results.groups : [];
  const count = groups.reduce((sum, { finds }) => sum + finds.length, 0);
  // As long as more may come, others may have some too.
  const isWhole = answer.kind === 'found' && !answer.isPart;
  const isAlone = within !== undefined || (groups.length === 1 && isWhole);

  return (
    <div class={css.results} data-answers={answer.kind === 'found' ? answer.typed : undefined}>
      {indexing !== undefined ? (
        <Indexing done={indexing.done} total={indexing.total} />
      ) : (
        answer.kind === 'found' &&
        !answer.results.complete && (
          <Note kind="info">
            <p>{text.search.incomplete}</p>
            <Button kind="quiet" onClick={() => inBackground(commands.prepareSearch())}>
              {text.search.goOn}
            </Button>
          </Note>
        )
      )}
      {answer.kind !== 'none' && <FailureNote failure={answer.failure} />}
      {answer.kind === 'none' && <Skeleton shape="person" count={4} />}
      {people.length > 0 && <People key={wanted} people={people} />}
      {groups.map((group) => (
        <Group key={group.id} group={group} whole={isAlone} />
      ))}
      {answer.kind === 'found' && !answer.isPart && (
        <p class={css.status} role="status">
          {answer.typed === '' && count === 0
            ? text.search.hint
            : foundSentence(
                answer.typed,
                peopleFor(answer.typed, answer.within).length,
                count,
                answer.results.more,
              )}
        </p>
      )}
      {answer.kind === 'found' && mayLookUp && (
        <div class={css.lookUp} data-leads>
          <Button icon={UserSearch} onClick={() => onLookUp(username)}>
            {fill(text.search.lookUp, { username })}
          </Button>
        </div>
      )}
    </div>
  );
}

/** How much was found, in words. */
function foundSentence(wanted: string, people: number, messages: number, isCut: boolean): string {
  const found = plural(text.search.people, people);
  if (messages === 0) return people === 0 ? fill(text.search.none, { typed: wanted }) : found;
  const said = isCut
    ? fill(text.search.newest, { count: formatNumber(messages) })
    : plural(text.search.count, messages);
  return people === 0 ? said : `${found} · ${said}`;
}

function People({ people }: { readonly people: readonly ConversationSummary[] }): VNode {
  const [all, setAll] = useState(false);
  const shown = all ? people : people.slice(0, PEOPLE_MOST);
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    // The button that was pressed is gone: the focus goes to the first of those that it has brought.
    if (all) list.current?.querySelectorAll<HTMLElement>('[data-person]')[PEOPLE_MOST]?.focus();
  }, [all]);
  return (
    <section aria-label={text.search.names}>
      <h2 class={css.heading}>{text.search.names}</h2>
      <ul ref={list}>
        {shown.map(({ id, person, state }) => (
          <li key={id}>
            <a class={css.person} data-person {...linkTo({ kind: 'conversation', id })}>
              <Avatar id={person.account} name={person.name} picture={person.picture} size={32} />
              <span class={css.who}>
                <bdi>{person.name}</bdi>
                {person.username !== undefined && <small dir="ltr">@{person.username}</small>}
                {person.claims !== undefined && (
                  <small>{fill(text.trust.claimed, { username: person.claims })}</small>
                )}
              </span>
              {state === 'blocked' && <small>{text.list.blocked}</small>}
            </a>
          </li>
        ))}
      </ul>
      {shown.length < people.length && (
        <button type="button" class={css.more} data-leads onClick={() => setAll(true)}>
          {plural(text.search.morePeople, people.length - shown.length)}
        </button>
      )}
    </section>
  );
}

function FindsOfOne({ group, whole }: { readonly group: ConversationFinds; readonly whole: boolean }): VNode {
  const { id, person, finds } = group;
  const shown = whole ? finds : finds.slice(0, FINDS_MOST);
  return (
    <section aria-label={person.name}>
      <h2 class={css.heading}>
        <Avatar id={person.account} name={person.name} picture={person.picture} size={24} />
        <bdi>{person.name}</bdi>
      </h2>
      <ul>
        {shown.map((find) => (
          <Find key={find.order} id={id} find={find} />
        ))}
      </ul>
      {shown.length < finds.length && (
        <button
          type="button"
          class={css.more}
          data-leads
          onClick={() => {
            wish.value = { ...wish.value, within: { id, name: person.name } };
          }}
        >
          {plural(text.search.moreHere, finds.length - shown.length)}
        </button>
      )}
    </section>
  );
}

/** What is found stays as it is while the next letter is typed. */
const Group = memo(FindsOfOne);

function Find({ id, find }: { readonly id: ConversationId; readonly find: MessageFind }): VNode {
  const { commands } = useDoor();
  return (
    <li>
      <a
        class={css.find}
        href={addressOf({ kind: 'conversation', id })}
        onClick={(event) => {
          if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
          event.preventDefault();
          showPlace(commands, id, { to: 'order', order: find.order });
        }}
      >
        <span class={css.excerpt} dir="auto">
          {find.mine && <span class={css.mine}>{text.search.you} </span>}
          {find.excerpt.map((part, i) => (part.found ? <mark key={i}>{part.text}</mark> : part.text))}
        </span>
        <time class={css.time} dateTime={new Date(find.at).toISOString()} title={formatFull(find.at)}>
          {formatListTime(find.at, shownNow.value)}
        </time>
      </a>
    </li>
  );
}

/** Older messages are being added; what is there can be searched meanwhile. */
function Indexing({ done, total }: { readonly done: number; readonly total: number }): VNode {
  const { commands } = useDoor();
  return (
    <div class={css.indexing}>
      <label>
        {text.search.indexing}
        <progress value={total === 0 ? undefined : done} max={Math.max(1, total)} />
      </label>
      <Button kind="quiet" onClick={() => inBackground(commands.stopIndexing())}>
        {text.common.cancel}
      </Button>
    </div>
  );
}
