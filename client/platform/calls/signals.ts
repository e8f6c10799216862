/** What screens see of the window's part of calls; made at the start, filled by the part that is fetched later. */
import { signal, type Signal } from '@preact/signals-core';
import type { CallPictures, DeviceChoices, DeviceKind, DeviceTrouble, OnHere } from '../../ui/calls/stage.ts';

type Devices = { readonly [Kind in DeviceKind]: DeviceChoices };

export interface StageSignals {
  readonly mine: Signal<CallPictures>;
  readonly theirs: Signal<CallPictures>;
  readonly on: Signal<OnHere>;
  readonly devices: Signal<Devices>;
  readonly trouble: Signal<DeviceTrouble | undefined>;
  readonly level: Signal<number>;
  readonly isSilenced: Signal<boolean>;
}

export const NO_PICTURES: CallPictures = { camera: undefined, screen: undefined };
export const NOTHING_ON: OnHere = { microphone: false, camera: false, screen: false };
export const NO_CHOICES: DeviceChoices = { choices: [], chosen: undefined };

export function makeSignals(): StageSignals {
  return {
    mine: signal(NO_PICTURES),
    theirs: signal(NO_PICTURES),
    on: signal(NOTHING_ON),
    devices: signal<Devices>({ microphone: NO_CHOICES, camera: NO_CHOICES, output: NO_CHOICES }),
    trouble: signal<DeviceTrouble | undefined>(undefined),
    level: signal(0),
    isSilenced: signal(false),
  };
}
