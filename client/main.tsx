/** Composes the page: looks at the browser, starts the core worker, opens its door and renders the interface. */
import './ui/styles/tokens.css';
import './ui/styles/base.css';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { openDoor } from './core/door.ts';
import { rememberAccount, remembersAccount } from './platform/account-hint.ts';
import { answerPersistRequests } from './platform/persistence.ts';
import { readSupport } from './platform/support.ts';
import { startCoreWorker } from './platform/trusted-urls.ts';
import { App } from './ui/app.tsx';
import { DoorContext } from './ui/door-context.ts';
import { Unsupported } from './ui/screens/standstill.tsx';
import { followTheme } from './ui/theme.ts';

async function start(root: HTMLElement): Promise<void> {
  followTheme();
  const support = await readSupport();
  if (support.kind !== 'supported') return render(<Unsupported obstacle={support} />, root);

  const { port1, port2 } = new MessageChannel();
  const door = openDoor(port1);
  const expectsAccount = remembersAccount();
  render(
    <DoorContext.Provider value={door}>
      <App expectsAccount={expectsAccount} />
    </DoorContext.Provider>,
    root,
  );
  const startCore = (): void => {
    const worker = startCoreWorker();
    answerPersistRequests(worker);
    worker.postMessage({ kind: 'serve' }, [port2]);
  };
  // A newcomer sees the first screen before core, five times its size, is fetched; a hidden page paints nothing to wait for.
  if (expectsAccount || document.hidden) startCore();
  else afterFirstPaint(startCore);
  effect(() => rememberAccount(door.state.session.value.kind));
  addEventListener('pagehide', (event) => {
    if (!event.persisted) door.close();
  });
  return undefined;
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
if (root !== null) await start(root);
