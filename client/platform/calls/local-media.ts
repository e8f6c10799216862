/**
 * Microphone, camera and screen of this side: what is open, and what of it is on. A camera that is off is let go of, so that its light goes out;
 * a microphone that is off stays open, so that it is there at once, and nothing of it is sent.
 */
import type { Purpose } from '@tacet/protocol/content/call-said';
import type { DeviceKind, DeviceTrouble, OnHere } from '../../ui/calls/stage.ts';
import { isChangeOfMind, openBoth, openCamera, openMicrophone, openScreen, whyNot } from './capture.ts';
import { DeviceChooser } from './choices.ts';
import { NO_PICTURES, type StageSignals } from './signals.ts';

type Source = DeviceTrouble['of'];

export class LocalMedia {
  readonly #signals: StageSignals;
  /** What is to be sent has changed. */
  readonly #changed: () => void;
  readonly #chooser: DeviceChooser;
  readonly #tracks = new Map<Purpose, MediaStreamTrack>();
  /** What the person last asked of the microphone, whatever has been opened since. */
  #wantsToSpeak = false;
  #isSpeaking = false;
  /** Devices are opened one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Grows when everything is let go of: what is opened for what was before is closed at once. */
  #life = 0;

  constructor(signals: StageSignals, changed: () => void) {
    this.#signals = signals;
    this.#changed = changed;
    this.#chooser = new DeviceChooser(signals, (kind) => this.#deviceOf(kind));
  }

  get chooser(): DeviceChooser {
    return this.#chooser;
  }

  /** The microphone that is open, on or off. */
  get microphone(): MediaStreamTrack | undefined {
    return this.#tracks.get('audio');
  }

  /** What is on of a purpose. */
  track(purpose: Purpose): MediaStreamTrack | undefined {
    return purpose === 'audio' && !this.#isSpeaking ? undefined : this.#tracks.get(purpose);
  }

  async prepare(media: 'audio' | 'video'): Promise<boolean> {
    this.#wantsToSpeak = true;
    await this.#next(async (isMine) => {
      const needsCamera = media === 'video' && !this.#tracks.has('camera');
      if (needsCamera && this.microphone === undefined) {
        try {
          const opened = await openBoth(this.#chooser.wanted);
          if (isMine(opened.microphone, opened.camera)) {
            this.#keep('audio', opened.microphone);
            this.#keep('camera', opened.camera);
          }
          return;
        } catch {
          // One of the two: each is asked for, and says what is the matter.
        }
      }
      await this.#open('microphone', isMine);
      // Without a voice there is no call: then that is what the person learns, and nobody looks at him for nothing.
      if (needsCamera && this.microphone !== undefined) await this.#open('camera', isMine);
    });
    this.#speak(this.#wantsToSpeak);
    await this.#chooser.look();
    return this.#isSpeaking;
  }

  async setMicrophone(on: boolean): Promise<void> {
    this.#wantsToSpeak = on;
    if (!on) this.#speak(false);
    else await this.#next((isMine) => this.#open('microphone', isMine));
    // The person may have thought better of it meanwhile.
    this.#speak(this.#wantsToSpeak);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#next(async (isMine) => {
      if (on) await this.#open('camera', isMine);
      else this.#drop('camera');
    });
    this.#tell();
  }

  async setScreen(on: boolean): Promise<void> {
    await this.#next(async (isMine) => {
      if (on) await this.#open('screen', isMine);
      else this.#dropScreen();
    });
    this.#tell();
  }

  /** Lets go of what is on of a purpose, and of what goes with it, before it returns. */
  turnOff(purpose: Purpose): void {
    if (purpose === 'audio') {
      this.#wantsToSpeak = false;
      this.#speak(false);
      return;
    }
    if (purpose === 'camera') this.#drop('camera');
    else this.#dropScreen();
    this.#tell();
  }

  /** Takes another device; what is on goes on with it. */
  async choose(kind: DeviceKind, id: string): Promise<void> {
    this.#chooser.remember(kind, id);
    if (kind !== 'output') {
      const purpose = kind === 'camera' ? 'camera' : 'audio';
      await this.#next(async (isMine) => {
        if (!this.#tracks.has(purpose) || this.#deviceOf(kind) === id) return;
        // Some cameras can be open once.
        this.#drop(purpose);
        await this.#open(kind, isMine);
      });
      this.#tell();
    }
    await this.#chooser.look();
  }

  /** Closes everything. */
  letGo(): void {
    this.#life += 1;
    for (const purpose of this.#tracks.keys()) this.#drop(purpose);
    this.#wantsToSpeak = false;
    this.#isSpeaking = false;
    this.#tell();
  }

  async #open(source: Source, isMine: (...tracks: MediaStreamTrack[]) => boolean): Promise<void> {
    const isOpen = this.#tracks.has(source === 'microphone' ? 'audio' : source);
    if (isOpen) return;
    try {
      if (source === 'microphone') {
        const track = await openMicrophone(this.#chooser.wanted);
        if (isMine(track)) this.#keep('audio', track);
      } else if (source === 'camera') {
        const track = await openCamera(this.#chooser.wanted);
        if (isMine(track)) this.#keep('camera', track);
      } else {
        const { screen, sound } = await openScreen();
        if (!isMine(screen, ...(sound === undefined ? [] : [sound]))) return;
        this.#keep('screen', screen);
        if (sound !== undefined) this.#keep('screen-audio', sound);
      }
      if (this.#signals.trouble.value?.of === source) this.#signals.trouble.value = undefined;
    } catch (error) {
      if (source === 'screen' && isChangeOfMind(error)) return;
      this.#signals.trouble.value = { of: source, why: whyNot(error) };
    }
  }

  /** Silent at once, before any sender has heard of it. */
  #speak(on: boolean): void {
    this.#isSpeaking = on && this.microphone !== undefined;
    if (this.microphone !== undefined) this.microphone.enabled = this.#isSpeaking;
    this.#tell();
  }

  #keep(purpose: Purpose, track: MediaStreamTrack): void {
    this.#tracks.set(purpose, track);
    // By the browser's own button, or because the device has gone.
    track.addEventListener('ended', () => {
      if (this.#tracks.get(purpose) === track) this.#lose(purpose);
    });
  }

  #lose(purpose: Purpose): void {
    if (purpose === 'screen') this.#dropScreen();
    else this.#drop(purpose);
    this.#tell();
    if (purpose === 'screen' || purpose === 'screen-audio') return;
    const source = purpose === 'audio' ? 'microphone' : 'camera';
    // Another one of its kind takes over, or the person learns that there is none.
    const wasOn = purpose === 'camera' || this.#isSpeaking;
    if (!wasOn) return;
    this.#next((isMine) => this.#open(source, isMine))
      .then(() => {
        if (source === 'microphone') this.#speak(this.#wantsToSpeak);
        else this.#tell();
        return this.#chooser.look();
      })
      .catch(() => undefined);
  }

  #drop(purpose: Purpose): void {
    const track = this.#tracks.get(purpose);
    this.#tracks.delete(purpose);
    track?.stop();
  }

  #dropScreen(): void {
    this.#drop('screen');
    this.#drop('screen-audio');
  }

  #deviceOf(kind: DeviceKind): string | undefined {
    if (kind === 'output') return undefined;
    return this.#tracks.get(kind === 'camera' ? 'camera' : 'audio')?.getSettings().deviceId;
  }

  /** Work in its turn. `isMine`: whether what was opened may be kept; otherwise it is closed. */
  async #next(work: (isMine: (...tracks: MediaStreamTrack[]) => boolean) => Promise<void>): Promise<void> {
    const life = this.#life;
    const done = this.#turn.then(() =>
      work((...tracks) => {
        if (life === this.#life) return true;
        for (const track of tracks) track.stop();
        return false;
      }),
    );
    this.#turn = done.catch(() => undefined);
    await done;
  }

  #tell(): void {
    const { mine, on } = this.#signals;
    const [camera, screen] = [this.#tracks.get('camera'), this.#tracks.get('screen')];
    const now: OnHere = {
      microphone: this.#isSpeaking && this.microphone !== undefined,
      camera: camera !== undefined,
      screen: screen !== undefined,
    };
    on.value = sameOn(on.value, now) ? on.value : now;
    mine.value =
      camera === undefined && screen === undefined
        ? NO_PICTURES
        : { camera: pictureOf(camera, mine.value.camera), screen: pictureOf(screen, mine.value.screen) };
    this.#changed();
  }
}

function sameOn(a: OnHere, b: OnHere): boolean {
  return a.microphone === b.microphone && a.camera === b.camera && a.screen === b.screen;
}

/** A stream of one track; the one that shows it already, where there is one, so that no picture begins anew. */
export function pictureOf(
  track: MediaStreamTrack | undefined,
  shown: MediaStream | undefined,
): MediaStream | undefined {
  if (track === undefined) return undefined;
  return shown?.getTracks()[0] === track ? shown : new MediaStream([track]);
}
