/** A screen whose code is fetched when it is first shown: what few people open does not wait in front of what everybody does. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLoaded } from '../door-context.ts';
import { text } from '../text/text.ts';
import { Button } from './button.tsx';
import { FailureNote, Note } from './note.tsx';
import { Skeleton } from './skeleton.tsx';

/**
 * The screen that `load` brings. One that does not come is tried when the network is back, and offered again, once: some browsers keep the failure of a module for as long as the
 * page lives, so that from the second time on a new page is offered.
 */
export function lazily<Props extends object>(
  load: () => Promise<(props: Props) => VNode | null>,
): (props: Props) => VNode | null {
  let Known: ((props: Props) => VNode | null) | undefined;
  let missed = 0;
  function Lazy(props: Props): VNode | null {
    const [, again] = useState(0);
    return Known === undefined ? <Loading arrived={() => again((n) => n + 1)} /> : <Known {...props} />;
  }
  function Loading({ arrived }: { readonly arrived: () => void }): VNode {
    const [loaded, retry] = useLoaded(async () => {
      try {
        Known = await load();
      } catch (error) {
        missed += 1;
        throw error;
      }
      arrived();
    }, '');
    const hasFailed = loaded.kind === 'failed';
    useEffect(() => {
      if (!hasFailed) return undefined;
      addEventListener('online', retry);
      return () => removeEventListener('online', retry);
    }, [hasFailed]);
    if (!hasFailed) return <Skeleton shape="text" count={3} />;
    if (missed > 1) return <FailureNote failure={{ code: 'part-missing' }} />;
    return (
      <Note kind="danger">
        <p>{text.common.partMissing}</p>
        <Button onClick={retry}>{text.common.retry}</Button>
      </Note>
    );
  }
  return Lazy;
}
