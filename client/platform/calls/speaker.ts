/** Plays the other side's sound, on the output of choice, without a screen. */
import type { Purpose } from '@tacet/protocol/content/call-said';
import type { StageSignals } from './signals.ts';

export class Speaker {
  readonly #signals: StageSignals;
  readonly #playing = new Map<Purpose, HTMLAudioElement>();
  #output: string | undefined;

  constructor(signals: StageSignals, output: string | undefined) {
    this.#signals = signals;
    this.#output = output;
  }

  /** Plays this from now on as the sound of a purpose; nothing where it is absent. */
  set(purpose: Purpose, track: MediaStreamTrack | undefined): void {
    const before = this.#playing.get(purpose);
    if (before !== undefined && playedBy(before) === track) return;
    if (before !== undefined) before.srcObject = null;
    this.#playing.delete(purpose);
    if (track === undefined) {
      if (this.#playing.size === 0) this.#signals.isSilenced.value = false;
      return;
    }
    const element = new Audio();
    element.srcObject = new MediaStream([track]);
    this.#playing.set(purpose, element);
    this.#send(element)
      .then(() => this.#start(element))
      .catch(() => undefined);
  }

  /** After the person has pressed something, which browsers want. */
  async play(): Promise<void> {
    this.#signals.isSilenced.value = false;
    await Promise.all([...this.#playing.values()].map((element) => this.#start(element)));
  }

  async choose(output: string): Promise<void> {
    this.#output = output;
    await Promise.all([...this.#playing.values()].map((element) => this.#send(element)));
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      // It was stopped before it began, or the browser wants a press first.
      if (error instanceof DOMException && error.name === 'NotAllowedError')
        this.#signals.isSilenced.value = true;
    }
  }

  async #send(element: HTMLAudioElement): Promise<void> {
    if (this.#output === undefined || !('setSinkId' in element)) return;
    // An output that has gone: the system's own plays.
    await element.setSinkId(this.#output).catch(() => undefined);
  }
}

function playedBy(element: HTMLAudioElement): MediaStreamTrack | undefined {
  return element.srcObject instanceof MediaStream ? element.srcObject.getTracks()[0] : undefined;
}
