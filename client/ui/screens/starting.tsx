/** While local storage opens: the frame of the app with its shapes, late enough not to flicker. */
import type { VNode } from 'preact';
import { Skeleton } from '../components/skeleton.tsx';
import { text } from '../text/text.ts';
import { Shell } from './shell.tsx';

export function Starting(): VNode {
  return <Shell list={<Skeleton shape="person" count={7} />} listLabel={text.list.label} pane="list" />;
}
