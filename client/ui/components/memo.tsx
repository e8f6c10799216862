/**
 * Skips what would look the same. What core sends arrives as fresh copies at every change; a long list in which one line has changed
 * compares values instead of drawing every line again.
 */
import { Component, type VNode } from 'preact';

/** Whether two values from core are the same in content. They hold plain values only. */
export function isSameContent(a: unknown, b: unknown): boolean {
  return (
    a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
  );
}

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
