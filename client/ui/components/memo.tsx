/**
 * Skips what would look the same. Of a long list core tells what changed, and the door keeps the rest in the objects that were there; what
 * is put together from them for the screen is fresh each time, so it is compared by what it holds.
 */
import { Component, type VNode } from 'preact';
import { isSameContent } from '../../core/door.ts';

/** The component, drawn again only when one of its props has other content. Its props hold plain values, no functions. */
export function memo<Props extends object>(
  inner: (props: Props) => VNode | null,
): new (props: Props) => Component<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const names = Object.keys(next) as (keyof Props)[];
      return names.some((name) => !isSameContent(this.props[name], next[name]));
    }
    override render(): VNode {
      const Inner = inner;
      return <Inner {...this.props} />;
    }
  };
}
