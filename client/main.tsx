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
  const worker = startCoreWorker();
  answerPersistRequests(worker);
  worker.postMessage({ kind: 'serve' }, [port2]);
  effect(() => rememberAccount(door.state.session.value.kind));
  addEventListener('pagehide', (event) => {
    if (!event.persisted) door.close();
  });
  return undefined;
}

const root = document.getElementById('app');
if (root !== null) await start(root);
