/** The camera, read in this browser only: frames are decoded here and go nowhere. It stops with the screen. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { text } from '../text/text.ts';
import css from './safety.module.css';

/** Time between two looks at the picture. */
const LOOK_MS = 200;
/** A code fills much of the picture: more pixels would only take longer. */
const SIDE_MOST = 720;

type Looking = 'asking' | 'looking' | 'denied' | 'none';

export function Scanner({
  without = text.safety.cameraState,
  onFound,
  onStop,
}: {
  /** What else helps where there is no camera. */
  readonly without?: { readonly denied: string; readonly none: string };
  readonly onFound: (code: Uint8Array) => void;
  readonly onStop: () => void;
}): VNode {
  const video = useRef<HTMLVideoElement>(null);
  const [looking, setLooking] = useState<Looking>('asking');
  const found = useRef(onFound);
  found.current = onFound;
  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    async function begin(): Promise<void> {
      const { readCode } = await import('./read-code.ts');
      const wanted = { video: { facingMode: 'environment' }, audio: false };
      const opened = await navigator.mediaDevices.getUserMedia(wanted);
      const shown = video.current;
      if (stopped || shown === null) {
        for (const track of opened.getTracks()) track.stop();
        return;
      }
      stream = opened;
      shown.srcObject = opened;
      await shown.play();
      setLooking('looking');
      const look = (): void => {
        if (stopped) return;
        const code = readCode(shown, SIDE_MOST);
        if (code === undefined) timer = setTimeout(look, LOOK_MS);
        else found.current(code);
      };
      look();
    }
    begin().catch((error: unknown) => {
      if (stopped) return;
      const name = error instanceof DOMException ? error.name : '';
      setLooking(name === 'NotAllowedError' || name === 'SecurityError' ? 'denied' : 'none');
    });
    return () => {
      stopped = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  return (
    <section class={css.scanner} aria-label={text.safety.camera}>
      {/* Nothing is heard in it: the camera alone is asked for. */}
      <video
        ref={video}
        class={css.video}
        hidden={looking !== 'looking'}
        muted
        playsInline
        aria-label={text.safety.picture}
      />
      <div role="status">
        {looking === 'denied' || looking === 'none' ? (
          <Note kind="caution">{without[looking]}</Note>
        ) : (
          <p>{text.safety.cameraState[looking]}</p>
        )}
      </div>
      <div>
        <Button onClick={onStop}>{text.safety.stopScan}</Button>
      </div>
    </section>
  );
}
