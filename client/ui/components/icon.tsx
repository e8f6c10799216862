/** One icon of the Lucide set, drawn from its node list; decoration only, the words stand beside it or in a label. */
import { h, type VNode } from 'preact';

/** Lucide's own form of an icon: tags with attributes in a 24 × 24 box. */
export type IconNode = readonly (readonly [
  tag: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
])[];

export function Icon({
  node,
  size = 18,
  mirrored = false,
  class: className,
}: {
  readonly node: IconNode;
  readonly size?: number;
  /** Arrows that point along the text turn round where text runs from right to left. */
  readonly mirrored?: boolean;
  readonly class?: string | undefined;
}): VNode {
  return (
    <svg
      class={className}
      data-mirrored={mirrored ? '' : undefined}
      xmlns="http://www.w3.org/2000/svg"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width={size < 20 ? 2 : 1.75}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {node.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  );
}
