/**
 * A text as a QR code, always dark on light so that cameras read it in either theme. The encoder is loaded when first needed; where it
 * does not come, that is said in place of the code.
 */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { useLoaded } from '../door-context.ts';
import { FailureNote } from './note.tsx';
import css from './qr.module.css';
import { Skeleton } from './skeleton.tsx';

/** Modules of white that the standard wants around (ISO/IEC 18004 section 9.1). */
const QUIET = 4;

export function Qr({
  content,
  label,
  onMissing,
}: {
  readonly content: string | Uint8Array;
  readonly label: string;
  /** There is no code to be had. */
  readonly onMissing?: () => void;
}): VNode {
  const [loaded] = useLoaded(
    async () => (await import('../qr/encode.ts')).encodeQr(content),
    String(content),
  );
  const isMissing = loaded.kind === 'failed';
  useEffect(() => {
    if (isMissing) onMissing?.();
  }, [isMissing]);
  if (loaded.kind === 'failed') return <FailureNote failure={{ code: 'part-missing' }} />;
  if (loaded.kind === 'loading') return <Skeleton shape="text" count={1} />;
  const modules = loaded.value;
  const size = modules.length + 2 * QUIET;
  const path = modules
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : '')))
    .join('');
  return (
    <svg
      class={css.qr}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
