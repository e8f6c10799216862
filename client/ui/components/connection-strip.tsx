/** The quiet line that says there is no connection, after it has lasted a moment; and its voice. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { CloudOff } from 'lucide';
import { exactNow } from '../clock.ts';
import { inBackground, useDelayed, useDoor } from '../door-context.ts';
import { fill, formatNumber, text } from '../text/text.ts';
import { announce } from './announcer.tsx';
import css from './connection-strip.module.css';
import { Icon } from './icon.tsx';

/** Shorter interruptions are nobody's concern. */
const DELAY_MS = 2_000;

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const read = (): void => setOnline(navigator.onLine);
    addEventListener('online', read);
    addEventListener('offline', read);
    return () => {
      removeEventListener('online', read);
      removeEventListener('offline', read);
    };
  }, []);
  return online;
}

function useInterrupted(): boolean {
  const { kind } = useDoor().state.connection.value;
  // The device may know before any socket notices.
  const online = useOnline();
  return useDelayed(kind === 'connecting' || kind === 'offline' || !online, DELAY_MS);
}

/** Whole seconds until an instant, counted down while shown. */
function useSecondsUntil(at: number | undefined): number | undefined {
  const [, tick] = useState(0);
  useEffect(() => {
    if (at === undefined) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, [at]);
  return at === undefined ? undefined : Math.max(0, Math.ceil((at - exactNow()) / 1_000));
}

/** `place`: the list's strip always shows; the pane's only where the list is not beside it. */
export function ConnectionStrip({ in: where }: { readonly in: 'list' | 'pane' }): VNode | null {
  const { commands, state } = useDoor();
  const connection = state.connection.value;
  const interrupted = useInterrupted();
  const online = useOnline();
  const seconds = useSecondsUntil(connection.kind === 'offline' ? connection.retryAt : undefined);
  if (!interrupted) return null;
  const waiting = connection.kind === 'offline' && online;
  return (
    <div class={`${css.strip} ${css[where]}`}>
      <Icon node={CloudOff} size={16} />
      <span class={css.words}>
        {!online
          ? text.connection.offlineDevice
          : waiting
            ? `${text.connection.offline} ${
                seconds === undefined || seconds < 2
                  ? ''
                  : fill(text.connection.retryIn, { seconds: formatNumber(seconds) })
              }`
            : text.connection.connecting}
      </span>
      {waiting && (
        <button class={css.now} type="button" onClick={() => inBackground(commands.connectNow())}>
          {text.connection.tryNow}
        </button>
      )}
    </div>
  );
}

/** Says once that the connection is gone, and once that it is back. */
export function useConnectionAnnouncements(): void {
  const interrupted = useInterrupted();
  const was = useRef(false);
  useEffect(() => {
    if (interrupted) announce(text.connection.offline);
    else if (was.current) announce(text.connection.back);
    was.current = interrupted;
  }, [interrupted]);
}
