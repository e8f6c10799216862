/** A picture of a call. Nothing is heard in it: sound plays without a screen. */
import type { RefObject, VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import css from './picture.module.css';

export function Picture({
  stream,
  label,
  whole = false,
  mirrored = false,
  video,
}: {
  readonly stream: MediaStream;
  readonly label: string;
  /** All of it is in sight, as a screen has to be; otherwise it fills its place. */
  readonly whole?: boolean;
  /** As in a mirror: the own face. */
  readonly mirrored?: boolean;
  readonly video?: RefObject<HTMLVideoElement | null>;
}): VNode {
  const own = useRef<HTMLVideoElement>(null);
  const element = video ?? own;
  useLayoutEffect(() => {
    const shown = element.current;
    if (shown === null) return undefined;
    shown.srcObject = stream;
    shown.play().catch(() => undefined);
    return () => {
      shown.srcObject = null;
    };
  }, [stream]);
  // A browser's own window for this picture would stay behind.
  useLayoutEffect(() => {
    const shown = element.current;
    return () => {
      if (shown !== null && document.pictureInPictureElement === shown)
        document.exitPictureInPicture().catch(() => undefined);
    };
  }, []);
  return (
    <video
      ref={element}
      class={css.picture}
      data-whole={whole ? '' : undefined}
      data-mirrored={mirrored ? '' : undefined}
      aria-label={label}
      muted
      autoplay
      playsInline
      disableRemotePlayback
    />
  );
}
