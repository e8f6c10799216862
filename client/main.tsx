/** Composes the page: looks at the browser, starts the core worker, opens its door and renders the interface. */
// First, before all that is needed to draw.
import { earlyCore, startCore, type StartedCore } from './platform/early-core.ts';
import './ui/styles/tokens.css';
import './ui/styles/base.css';
import { effect } from '@preact/signals';
import { render, type VNode } from 'preact';
import { openDoor, type Door, type SessionState } from './core/door.ts';
import { rememberAccount } from './platform/account-hint.ts';
import { serveCallWindow } from './platform/call-link.ts';
import { openCallStage } from './platform/calls/stage.ts';
import { browserLifelines } from './platform/lifelines.ts';
import { followNotices, followPressedNotices, showRing } from './platform/notifications.ts';
import { answerPersistRequests } from './platform/persistence.ts';
import { browserRandom } from './platform/random.ts';
import { canStore, readSupport } from './platform/support.ts';
import { onWorkerEnd } from './platform/window-link.ts';
import { takeUpdate } from './ui/app-update.ts';
import { App } from './ui/app.tsx';
import { CallStageContext } from './ui/calls/stage.ts';
import { followRings, ringingOf } from './ui/calls/ring-notice.ts';
import { openFirst } from './ui/conversation/jump-target.ts';
import { DoorContext } from './ui/door-context.ts';
import { noticeWords } from './ui/notice-words.ts';
import { go, parsePlace } from './ui/router.ts';
import { obstacleWords, type Obstacle } from './ui/screens/obstacle.ts';
import { locale } from './ui/text/text.ts';
import { followTheme } from './ui/theme.ts';

function start(root: HTMLElement): void {
  followTheme();
  document.documentElement.lang = locale;
  const support = readSupport();
  if (support.kind !== 'supported') return background(showUnsupported(support, root));

  const { port1, port2 } = new MessageChannel();
  const door = openDoor(earlyCore?.port ?? port1, browserRandom);
  const stage = openCallStage();
  const follow = ({ worker, failed }: StartedCore): void => {
    background(failed.then(() => door.failed({ code: 'part-missing' })));
    answerPersistRequests(worker);
    followNotices(worker, noticeWords, openPath);
    serveCallWindow(worker, stage);
    onWorkerEnd(worker, browserLifelines, () => {
      // A browser that is short of memory ends a worker. Another tab owns the account by now, or this one will again.
      const next = new MessageChannel();
      door.moveTo(next.port1);
      follow(startCore(next.port2));
    });
  };
  const expectsAccount = earlyCore !== undefined;
  if (earlyCore !== undefined) {
    follow(earlyCore);
    earlyCore.listened();
    openFirst(door.commands);
  } else if (document.hidden) {
    // A hidden page paints nothing to wait for.
    follow(startCore(port2));
  } else {
    // A newcomer sees the first screen before core, five times its size, is fetched.
    afterFirstPaint(() => follow(startCore(port2)));
  }
  render(
    <DoorContext.Provider value={door}>
      <CallStageContext.Provider value={stage}>
        <App expectsAccount={expectsAccount} />
      </CallStageContext.Provider>
    </DoorContext.Provider>,
    root,
  );
  if (!expectsAccount) {
    background(canStore().then((can) => (can ? undefined : showUnsupported({ kind: 'no-storage' }, root))));
  }
  effect(() => rememberAccount(door.state.session.value.kind));
  followAttention(door);
  followRings(door, showRing);
  followPressedNotices((path) => {
    // Of a call that rings: it is shown over whatever is there.
    if (path !== `/n/${ringingOf(door.state.call.value)?.id ?? ''}`) openPath(path);
  });
  keepShellLater(door);
  addEventListener('pagehide', (event) => {
    if (!event.persisted) door.close();
  });
  return undefined;
}

/** Says what the browser lacks; few need the screen for it, and where that does not come the words stand alone. */
async function showUnsupported(obstacle: Obstacle, root: HTMLElement): Promise<void> {
  try {
    const { Unsupported } = await import('./ui/screens/unsupported.tsx');
    render(<Unsupported obstacle={obstacle} />, root);
  } catch {
    render(<PlainObstacle obstacle={obstacle} />, root);
  }
}

function PlainObstacle({ obstacle }: { readonly obstacle: Obstacle }): VNode {
  const { title, lead } = obstacleWords(obstacle);
  return (
    <main>
      <h1>{title}</h1>
      <p>{lead}</p>
    </main>
  );
}

/** Goes to a place of the app by its address. */
function openPath(path: string): void {
  go(parsePlace(new URL(path, location.origin)));
}

/** Tells core when the person looks at this page and when not. */
function followAttention(door: Door): void {
  const tell = (): void => {
    door.attend({ visible: !document.hidden, focused: !document.hidden && document.hasFocus() });
  };
  for (const name of ['focus', 'blur', 'pageshow']) addEventListener(name, tell);
  document.addEventListener('visibilitychange', tell);
  tell();
}

/** What a start does not need waits until the person has been served. */
const AFTER_START_MS = 3_000;

/** States in which a newer version may be what is needed. */
const WITH_ACCOUNT: readonly SessionState['kind'][] = ['signed-in', 'too-old', 'broken', 'other-version'];

/** Whether this version cannot go on, or not with all that there is. */
function needsUpdate({ session, outdated }: Door['state']): boolean {
  const { value } = session;
  if (value.kind === 'too-old' || value.kind === 'other-version') return true;
  return outdated.value || (value.kind === 'broken' && value.failure.code === 'app-outdated');
}

/** Keeps the app for offline use and looks for newer versions, for those who have an account here. */
function keepShellLater(door: Door): void {
  if (import.meta.env.DEV) return;
  const stop = effect(() => {
    const { kind } = door.state.session.value;
    if (!WITH_ACCOUNT.includes(kind)) return;
    queueMicrotask(() => stop());
    setTimeout(() => {
      background(
        import('./platform/app-update.ts').then(async ({ keepShell }) => {
          const look = await keepShell((take) => {
            takeUpdate.value = take;
          });
          effect(() => {
            if (needsUpdate(door.state)) background(look());
          });
        }),
      );
    }, AFTER_START_MS);
  });
}

/** Work that nobody waits for and that cannot fail. */
function background(work: Promise<void>): void {
  work.catch(() => undefined);
}

/** Runs once when something has been painted, and at the latest after a second. */
function afterFirstPaint(run: () => void): void {
  const observer = new PerformanceObserver(() => start());
  const timer = setTimeout(() => start(), 1_000);
  function start(): void {
    clearTimeout(timer);
    observer.disconnect();
    run();
  }
  observer.observe({ type: 'paint', buffered: true });
}

const root = document.getElementById('app');
if (root !== null) start(root);
