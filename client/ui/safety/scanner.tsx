/** The camera, read in this browser only: frames are decoded here and go nowhere. It stops with the screen. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { text } from '../text/text.ts';
import css from './safety.module.css';

/** Time between two looks at the picture. */
const LOOK_MS = 200;
/** A code fills much of the picture: more pixels would only take longer. */
const SIDE_MOST = 720;

/** `busy`: there is a camera and it does not start; `missing`: the part that reads codes did not come. */
type Looking = 'asking' | 'looking' | 'denied' | 'busy' | 'none' | 'missing';

/** What it means that a camera did not open. */
function obstacleOf(error: unknown): 'denied' | 'busy' | 'none' {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'none';
  }
}

export function Scanner({
  without = text.safety.cameraState,
  onFound,
  onStop,
}: {
  /** What else helps where there is no camera. */
  readonly without?: { readonly denied: string; readonly busy: string; readonly none: string };
  readonly onFound: (code: Uint8Array) => void;
  readonly onStop: () => void;
}): VNode {
  const video = useRef<HTMLVideoElement>(null);
  const [looking, setLooking] = useState<Looking>('asking');
  const [round, setRound] = useState(0);
  const buttons = useRef<HTMLDivElement>(null);
  // The button that began it is gone: the focus goes to the one that ends it.
  useEffect(() => buttons.current?.querySelector('button')?.focus(), []);
  const found = useRef(onFound);
  found.current = onFound;
  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    async function begin(): Promise<void> {
      const reader = await import('./read-code.ts').catch(() => undefined);
      if (reader === undefined) {
        if (!stopped) setLooking('missing');
        return;
      }
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
        const code = reader.readCode(shown, SIDE_MOST);
        if (code === undefined) timer = setTimeout(look, LOOK_MS);
        else found.current(code);
      };
      look();
    }
    begin().catch((error: unknown) => {
      if (!stopped) setLooking(obstacleOf(error));
    });
    return () => {
      stopped = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, [round]);
  const isOn = looking === 'asking' || looking === 'looking';
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
        {isOn ? (
          <p>{text.safety.cameraState[looking]}</p>
        ) : looking === 'missing' ? (
          <FailureNote failure={{ code: 'part-missing' }} />
        ) : (
          <Note kind="caution">{without[looking]}</Note>
        )}
      </div>
      <div class={css.scannerButtons} ref={buttons}>
        {(looking === 'denied' || looking === 'busy') && (
          <Button
            onClick={() => {
              buttons.current?.querySelector<HTMLElement>('button:last-of-type')?.focus();
              setLooking('asking');
              setRound(round + 1);
            }}
          >
            {text.common.retry}
          </Button>
        )}
        <Button onClick={onStop}>{isOn ? text.safety.stopScan : text.safety.endScan}</Button>
      </div>
    </section>
  );
}
