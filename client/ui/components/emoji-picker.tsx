/**
 * A panel of emoji in the system's own font: search on top, what was used lately, then all groups. The field keeps the focus; arrow keys
 * walk the emoji, Enter takes one, Esc closes. Whoever opens it places it. The data comes with the first picker that opens; an Enter from
 * before counts once it is there.
 */
import type { VNode } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { Apple, Flag, Hand, Hash, Lightbulb, Plane, Smile, TreePine, Volleyball } from 'lucide';
import { inBackground, useDoor, useLoaded } from '../door-context.ts';
import { fill, plural, text } from '../text/text.ts';
import { EMOJI_GROUPS, findEmoji, parseEmoji, type Emoji, type EmojiGroup } from './emoji.ts';
import css from './emoji-picker.module.css';
import { Icon, type IconNode } from './icon.tsx';
import { FailureNote } from './note.tsx';

const ICONS: Readonly<Record<EmojiGroup['name'], IconNode>> = {
  smileys: Smile,
  people: Hand,
  nature: TreePine,
  food: Apple,
  places: Plane,
  activities: Volleyball,
  objects: Lightbulb,
  symbols: Hash,
  flags: Flag,
};

/** Sections this far from sight have their cells. */
const NEAR_PX = 300;

/** Read once a page. */
let loaded: Promise<readonly EmojiGroup[]> | undefined;
function loadEmoji(): Promise<readonly EmojiGroup[]> {
  loaded ??= import('./emoji-data.ts').then(({ EMOJI_DATA }) => parseEmoji(EMOJI_DATA));
  // A fetch that failed is tried again with the next picker.
  loaded.catch(() => (loaded = undefined));
  return loaded;
}

interface Section {
  readonly key: string;
  readonly title: string;
  readonly emoji: readonly Emoji[];
}

function sectionsOf(
  groups: readonly EmojiGroup[],
  recent: readonly string[],
  typed: string,
): readonly Section[] {
  if (typed.trim() !== '') {
    return [{ key: 'found', title: text.emoji.found, emoji: findEmoji(groups, typed) }];
  }
  const byEmoji = new Map(groups.flatMap(({ emoji }) => emoji.map((one) => [one.emoji, one] as const)));
  const used = recent.map((emoji) => byEmoji.get(emoji)).filter((one) => one !== undefined);
  return [
    ...(used.length === 0 ? [] : [{ key: 'recent', title: text.emoji.recent, emoji: used }]),
    ...groups.map(({ name, emoji }) => ({ key: name, title: text.emoji.groups[name], emoji })),
  ];
}

/** Where the walk goes from `at`, by where the cells stand: rows differ in length between sections. */
function walkTo(cells: readonly HTMLElement[], at: number, key: string): number {
  const here = cells[at];
  if (here === undefined) return 0;
  const rtl = getComputedStyle(here).direction === 'rtl';
  if (key === (rtl ? 'ArrowLeft' : 'ArrowRight')) return Math.min(cells.length - 1, at + 1);
  if (key === (rtl ? 'ArrowRight' : 'ArrowLeft')) return Math.max(0, at - 1);
  const box = here.getBoundingClientRect();
  const step = key === 'ArrowDown' ? 1 : -1;
  let best = at;
  let row: number | undefined;
  for (let i = at + step; i >= 0 && i < cells.length; i += step) {
    const other = cells[i]?.getBoundingClientRect();
    if (other === undefined || Math.abs(other.top - box.top) < 4) continue;
    row ??= other.top;
    if (Math.abs(other.top - row) >= 4) break;
    const before = cells[best]?.getBoundingClientRect();
    if (
      best === at ||
      before === undefined ||
      Math.abs(other.left - box.left) < Math.abs(before.left - box.left)
    )
      best = i;
  }
  return best;
}

export function EmojiPicker({
  onPick,
  onClose,
}: {
  readonly onPick: (emoji: string) => void;
  readonly onClose: () => void;
}): VNode {
  const { commands } = useDoor();
  const [groups, again] = useLoaded(loadEmoji, 'emoji');
  const [recent] = useLoaded(() => commands.readRecentEmoji(), 'recent');
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState<number | undefined>(undefined);
  const [isEarly, setEarly] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const sections = useMemo(
    () =>
      groups.kind === 'loaded'
        ? sectionsOf(groups.value, recent.kind === 'loaded' ? recent.value : [], typed)
        : [],
    [groups, recent, typed],
  );
  const all = sections.flatMap(({ emoji }) => emoji);
  const isSearch = typed.trim() !== '';
  const chosen = at ?? (isSearch && all.length > 0 ? 0 : undefined);

  useEffect(() => {
    const before = document.activeElement;
    const element = panel.current;
    input.current?.focus({ preventScroll: true });
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && panel.current?.contains(event.target) === false) onClose();
    };
    // The click that opened it is still on its way up.
    const timer = setTimeout(() => document.addEventListener('pointerdown', outside), 0);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('pointerdown', outside);
      // What had the focus within is gone, or about to go.
      const { activeElement } = document;
      const isLost = activeElement === document.body || element?.contains(activeElement) === true;
      if (isLost && before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);

  function pick(emoji: string): void {
    inBackground(commands.noteEmoji(emoji));
    onPick(emoji);
  }
  useEffect(() => {
    if (!isEarly || groups.kind === 'loading') return;
    setEarly(false);
    if (all[0] !== undefined) pick(all[0].emoji);
  }, [isEarly, groups.kind]);
  function walk(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      onClose();
      return;
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      const emoji = chosen === undefined ? undefined : all[chosen];
      if (emoji !== undefined) pick(emoji.emoji);
      else setEarly(isSearch && groups.kind === 'loading');
      return;
    }
    const isSideways = event.key === 'ArrowLeft' || event.key === 'ArrowRight';
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp' && (!isSideways || at === undefined)) return;
    event.preventDefault();
    const cells = [...(list.current?.querySelectorAll<HTMLElement>('[role=option]') ?? [])];
    const from = cells.findIndex((cell) => Number(cell.dataset['index']) === chosen);
    const target = cells[from < 0 ? 0 : walkTo(cells, from, event.key)];
    if (target === undefined) return;
    setAt(Number(target.dataset['index']));
    target.scrollIntoView({ block: 'nearest' });
  }
  function showGroup(key: string): void {
    setTyped('');
    setAt(undefined);
    requestAnimationFrame(() => {
      const section = list.current?.querySelector<HTMLElement>(`[data-section="${key}"]`);
      if (section instanceof HTMLElement) list.current?.scrollTo({ top: section.offsetTop });
    });
  }

  let first = 0;
  return (
    <div class={css.panel} ref={panel} role="dialog" aria-label={text.emoji.title} onKeyDown={walk}>
      <input
        ref={input}
        class={css.search}
        type="text"
        role="combobox"
        aria-label={text.emoji.search}
        aria-expanded="true"
        aria-controls={`${id}list`}
        aria-activedescendant={chosen === undefined ? undefined : `${id}${chosen}`}
        placeholder={text.emoji.search}
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(undefined);
          setEarly(false);
        }}
      />
      {groups.kind === 'failed' && (
        <div class={css.failed}>
          <FailureNote failure={groups.failure} />
          <button type="button" class={css.again} onClick={again}>
            {text.common.retry}
          </button>
        </div>
      )}
      <div
        class={css.list}
        ref={list}
        id={`${id}list`}
        role="listbox"
        aria-label={text.emoji.title}
        aria-busy={groups.kind === 'loading'}
      >
        {sections.map((section) => {
          first += section.emoji.length;
          return (
            <Cells
              key={section.key}
              section={section}
              id={id}
              first={first - section.emoji.length}
              chosen={chosen}
              pick={pick}
            />
          );
        })}
      </div>
      {isSearch && groups.kind === 'loaded' && (
        <p class={all.length === 0 ? css.none : 'heard'} role="status">
          {all.length === 0
            ? fill(text.emoji.none, { typed: typed.trim() })
            : plural(text.emoji.count, all.length)}
        </p>
      )}
      <div class={css.groups} role="toolbar" aria-label={text.emoji.groupsLabel}>
        {EMOJI_GROUPS.map((name) => (
          <button
            key={name}
            type="button"
            class={css.group}
            title={text.emoji.groups[name]}
            aria-label={text.emoji.groups[name]}
            onClick={() => showGroup(name)}
          >
            <Icon node={ICONS[name]} size={18} />
          </button>
        ))}
      </div>
    </div>
  );
}

/** Cells of a section, made only while it is near to being seen: all of them at once would be two thousand. */
function Cells({
  section,
  id,
  first,
  chosen,
  pick,
}: {
  readonly section: Section;
  readonly id: string;
  /** Index of its first emoji among all. */
  readonly first: number;
  readonly chosen: number | undefined;
  readonly pick: (emoji: string) => void;
}): VNode {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(first === 0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting === true), {
      root: element.parentElement,
      rootMargin: `${NEAR_PX}px 0px`,
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={box} class={css.section} role="group" aria-label={section.title} data-section={section.key}>
      <div class={css.title} aria-hidden="true">
        {section.title}
      </div>
      <div class={css.cells} role="presentation" style={{ '--cells': String(section.emoji.length) }}>
        {near &&
          section.emoji.map((one, i) => (
            <div
              key={one.emoji}
              id={`${id}${first + i}`}
              class={css.cell}
              role="option"
              aria-selected={first + i === chosen}
              aria-label={one.name}
              title={one.name}
              data-index={first + i}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => pick(one.emoji)}
            >
              {one.emoji}
            </div>
          ))}
      </div>
    </div>
  );
}
