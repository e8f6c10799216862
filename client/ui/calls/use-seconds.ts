/** The time of a call, second by second. */
import { useEffect, useState } from 'preact/hooks';
import { exactNow } from '../clock.ts';

/** Milliseconds since `since`, moved on each second; 0 where there is nothing to count. */
export function useSeconds(since: number | undefined): number {
  const [now, setNow] = useState(exactNow);
  useEffect(() => {
    if (since === undefined) return undefined;
    setNow(exactNow());
    const timer = setInterval(() => setNow(exactNow()), 1_000);
    return () => clearInterval(timer);
  }, [since]);
  return since === undefined ? 0 : Math.max(0, now - since);
}
