/** The sound of a call that comes in: two soft notes, made here, in a loop. One tab of the browser sounds, and it stops at once. */

const RATE = 44_100;
const LOOP_SECONDS = 3.2;
/** When a note begins in the loop, s, and how high it is, Hz. */
const NOTES = [
  [0, 523.25],
  [0.26, 659.26],
  [0.9, 523.25],
  [1.16, 659.26],
] as const;
const LOUDNESS = 0.16;
const ATTACK_SECONDS = 0.02;
/** How fast a note dies away, 1/s. */
const DECAY = 4.2;
/** Held by the tab that sounds. */
const LOCK = 'tacet-ring';

/** One loop of the ring: samples from -1 to 1. */
export function ringSamples(rate: number): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(Math.round(rate * LOOP_SECONDS));
  for (const [start, pitch] of NOTES) {
    for (let at = Math.round(start * rate); at < samples.length; at += 1) {
      const time = at / rate - start;
      const envelope = Math.min(1, time / ATTACK_SECONDS) * Math.exp(-DECAY * time);
      const wave = Math.sin(2 * Math.PI * pitch * time) + 0.25 * Math.sin(4 * Math.PI * pitch * time);
      samples[at] = (samples[at] ?? 0) + LOUDNESS * envelope * wave;
    }
  }
  return samples;
}

/** Rings until the returned function is called. A browser that plays nothing before a press stays silent. */
export function ring(): () => void {
  const ending = new AbortController();
  const sound = async (): Promise<void> => {
    if (ending.signal.aborted) return;
    const context = new AudioContext();
    const samples = ringSamples(RATE);
    const buffer = context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.loop = true;
    source.connect(context.destination);
    source.start();
    await new Promise<void>((resolve) => {
      ending.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    source.stop();
    await context.close();
  };
  const alone =
    'locks' in navigator
      ? navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock === null ? undefined : sound()))
      : sound();
  alone.catch(() => undefined);
  return () => ending.abort();
}
