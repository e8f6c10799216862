/** A screen whose code is fetched when it is first shown: what few people open does not wait in front of what everybody does. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { useLoaded } from '../door-context.ts';
import { text } from '../text/text.ts';
import { Button } from './button.tsx';
import { Note } from './note.tsx';
import { Skeleton } from './skeleton.tsx';

/** The screen that `load` brings. Without a connection it says so and offers to try again. */
export function lazily<Props extends object>(
  load: () => Promise<(props: Props) => VNode | null>,
): (props: Props) => VNode | null {
  let Known: ((props: Props) => VNode | null) | undefined;
  function Lazy(props: Props): VNode | null {
    const [, again] = useState(0);
    return Known === undefined ? <Loading arrived={() => again((n) => n + 1)} /> : <Known {...props} />;
  }
  function Loading({ arrived }: { readonly arrived: () => void }): VNode {
    const [loaded, retry] = useLoaded(async () => {
      Known = await load();
      arrived();
    }, '');
    if (loaded.kind !== 'failed') return <Skeleton shape="text" count={3} />;
    return (
      <Note kind="danger">
        <p>{text.failures.offline}</p>
        <Button onClick={retry}>{text.common.retry}</Button>
      </Note>
    );
  }
  return Lazy;
}
