/** While local storage opens: the frame of the app with its shapes, late enough not to flicker. */
import type { VNode } from 'preact';
import { ListTitle } from '../components/pane-header.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { text } from '../text/text.ts';
import { Shell } from './shell.tsx';

export function Starting(): VNode {
  return <Shell list={<ListShapes />} listLabel={text.list.label} pane="list" />;
}

function ListShapes(): VNode {
  return (
    <>
      <ListTitle />
      <Skeleton shape="person" count={7} />
    </>
  );
}
