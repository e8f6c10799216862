/**
 * What a screen needs of a call that is no data: pictures, devices, and what is on. The window's part of calls (`client/platform/calls`) gives
 * it; sound plays without a screen.
 */
import type { ReadonlySignal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** A picture that is sent or received, to be given to a `<video>`. */
export interface CallPictures {
  readonly camera: MediaStream | undefined;
  readonly screen: MediaStream | undefined;
}

export type DeviceKind = 'microphone' | 'camera' | 'output';
export interface DeviceChoice {
  readonly id: string;
  /** As the browser names it; empty until the person has allowed the use of one. */
  readonly label: string;
}
/** Devices of a kind: `chosen` is in use, or will be. `choices` is empty where the browser offers no choice. */
export interface DeviceChoices {
  readonly choices: readonly DeviceChoice[];
  readonly chosen: string | undefined;
}

/** Why something could not be switched on. `busy`: another program has it. */
export interface DeviceTrouble {
  readonly of: 'microphone' | 'camera' | 'screen';
  readonly why: 'denied' | 'absent' | 'busy' | 'failed';
}

/** What is on of this side. */
export interface OnHere {
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
}

export interface CallStage {
  /** Own and the other side's. */
  readonly mine: ReadonlySignal<CallPictures>;
  readonly theirs: ReadonlySignal<CallPictures>;
  readonly on: ReadonlySignal<OnHere>;
  readonly devices: ReadonlySignal<{ readonly [Kind in DeviceKind]: DeviceChoices }>;
  readonly trouble: ReadonlySignal<DeviceTrouble | undefined>;
  /** Loudness of the own microphone, 0 to 1, while `meter` is on. */
  readonly level: ReadonlySignal<number>;
  /** The browser holds back sound until the person presses something: `play` then. */
  readonly isSilenced: ReadonlySignal<boolean>;
  /** Whether this browser can share a screen. */
  readonly canShareScreen: boolean;
  /** Why this browser holds no encrypted call; `undefined` where it does. Looked at once. */
  readonly obstacle: ReadonlySignal<'insecure' | 'no-webrtc' | 'no-frame-encryption' | undefined>;
  /**
   * Before a call is begun or taken: asks for the microphone, and for `video` the camera, so that the person is asked by the browser at his own
   * press. False: the microphone is not to be had (`trouble` says why); without a camera the call begins without.
   */
  prepare(media: 'audio' | 'video'): Promise<boolean>;
  /** Ends what `prepare` opened where no call came of it. */
  letGo(): void;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  setScreen(on: boolean): Promise<void>;
  choose(kind: DeviceKind, id: string): Promise<void>;
  /** Measures loudness for `level`; the returned function ends it. */
  meter(): () => void;
  play(): Promise<void>;
  seeTrouble(): void;
}

export const CallStageContext = createContext<CallStage | undefined>(undefined);

/** The stage of this window. */
export function useCallStage(): CallStage {
  const stage = useContext(CallStageContext);
  if (stage === undefined) throw new Error('no call stage above');
  return stage;
}
