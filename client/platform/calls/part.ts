/** The window's part of calls that is fetched when it is needed: devices, connections, sound. */
import type { Purpose } from '@tacet/protocol/content/call-said';
import type { FromCallWindow } from '../../core/calls/call-window.ts';
import type { CallStage, DeviceKind } from '../../ui/calls/stage.ts';
import type { CallWindowEnd } from '../call-link-messages.ts';
import { LocalMedia, pictureOf } from './local-media.ts';
import { measure } from './meter.ts';
import type { StageSignals } from './signals.ts';
import { Speaker } from './speaker.ts';
import { WindowCalls } from './window-calls.ts';

/** What the stage has this part do. */
type Done = Pick<
  CallStage,
  'prepare' | 'letGo' | 'setMicrophone' | 'setCamera' | 'setScreen' | 'choose' | 'meter' | 'play'
>;

export class CallPart implements Done {
  readonly #signals: StageSignals;
  readonly #local: LocalMedia;
  readonly #speaker: Speaker;
  #calls: WindowCalls | undefined;
  /** Who measures, and how it is ended. */
  #meters = 0;
  #measured: { readonly track: MediaStreamTrack; readonly stop: () => void } | undefined;
  #isCalling = false;

  constructor(signals: StageSignals) {
    this.#signals = signals;
    this.#local = new LocalMedia(signals, () => this.#changed());
    this.#speaker = new Speaker(signals, this.#local.chooser.wanted.output);
    this.#local.chooser.look().catch(() => undefined);
  }

  /** For a core that begins to ask. */
  serve(tell: (told: FromCallWindow) => void): CallWindowEnd {
    this.abandon();
    const calls = new WindowCalls(
      {
        track: (purpose) => this.#local.track(purpose),
        on: () => this.#signals.on.value,
        turnOff: (purpose) => this.#local.turnOff(purpose),
        show: (purpose, track) => this.#show(purpose, track),
        begin: () => this.#begin(),
        end: () => this.#end(),
      },
      tell,
    );
    this.#calls = calls;
    return calls;
  }

  /** The core that asked is there no more. */
  abandon(): void {
    this.#calls?.endCall().catch(() => undefined);
    this.#calls = undefined;
  }

  prepare(media: 'audio' | 'video'): Promise<boolean> {
    return this.#local.prepare(media);
  }

  /** While a call goes on, what it uses is its own. */
  letGo(): void {
    if (!this.#isCalling) this.#local.letGo();
  }

  setMicrophone(on: boolean): Promise<void> {
    return this.#local.setMicrophone(on);
  }

  setCamera(on: boolean): Promise<void> {
    return this.#local.setCamera(on);
  }

  setScreen(on: boolean): Promise<void> {
    return this.#local.setScreen(on);
  }

  async choose(kind: DeviceKind, id: string): Promise<void> {
    await this.#local.choose(kind, id);
    if (kind === 'output') await this.#speaker.choose(id);
  }

  meter(): () => void {
    this.#meters += 1;
    this.#followMeter();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#meters -= 1;
      this.#followMeter();
    };
  }

  play(): Promise<void> {
    return this.#speaker.play();
  }

  #changed(): void {
    this.#followMeter();
    this.#calls?.changed().catch(() => undefined);
  }

  #followMeter(): void {
    const track = this.#meters > 0 ? this.#local.microphone : undefined;
    if (this.#measured?.track === track) return;
    this.#measured?.stop();
    this.#measured =
      track === undefined
        ? undefined
        : {
            track,
            stop: measure(track, (level) => {
              this.#signals.level.value = level;
            }),
          };
  }

  #show(purpose: Purpose, track: MediaStreamTrack | undefined): void {
    if (purpose === 'audio' || purpose === 'screen-audio') this.#speaker.set(purpose, track);
    else {
      const { theirs } = this.#signals;
      const picture = pictureOf(track, theirs.value[purpose]);
      if (picture !== theirs.value[purpose]) theirs.value = { ...theirs.value, [purpose]: picture };
    }
  }

  #begin(): void {
    this.#isCalling = true;
    addEventListener('beforeunload', askToStay);
  }

  #end(): void {
    this.#isCalling = false;
    removeEventListener('beforeunload', askToStay);
    this.#local.letGo();
    this.#signals.trouble.value = undefined;
  }
}

/** The browser asks whether the page is to be left: the call would be lost with it. */
function askToStay(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
