/** Which microphones, cameras and outputs there are, and which one the person wants; remembered by this browser's profile. */
import type { DeviceChoices, DeviceKind } from '../../ui/calls/stage.ts';
import type { StageSignals } from './signals.ts';

const KEY = 'tacet.call-devices';
const KINDS: { readonly [Kind in DeviceKind]: MediaDeviceKind } = {
  microphone: 'audioinput',
  camera: 'videoinput',
  output: 'audiooutput',
};

/** Whether sound can be sent to an output of choice. */
const canChooseOutput = 'setSinkId' in HTMLMediaElement.prototype;

/** What was chosen last of each kind. */
export type WantedChoices = { readonly [Kind in DeviceKind]?: string };

function readWanted(): WantedChoices {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof kept !== 'object' || kept === null) return {};
    return Object.fromEntries(
      Object.entries(kept).filter(([kind, id]) => Object.hasOwn(KINDS, kind) && typeof id === 'string'),
    );
  } catch {
    return {};
  }
}

export class DeviceChooser {
  readonly #signals: StageSignals;
  /** The device in use of a kind, where one is. */
  readonly #inUse: (kind: DeviceKind) => string | undefined;
  #wanted = readWanted();

  constructor(signals: StageSignals, inUse: (kind: DeviceKind) => string | undefined) {
    this.#signals = signals;
    this.#inUse = inUse;
    navigator.mediaDevices.addEventListener('devicechange', () => {
      this.look().catch(() => undefined);
    });
  }

  get wanted(): WantedChoices {
    return this.#wanted;
  }

  remember(kind: DeviceKind, id: string): void {
    this.#wanted = { ...this.#wanted, [kind]: id };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#wanted));
    } catch {
      // It holds until the page goes.
    }
  }

  /** Looks anew at what there is. */
  async look(): Promise<void> {
    const found = await navigator.mediaDevices.enumerateDevices();
    const of = (kind: DeviceKind): DeviceChoices => {
      const choices = found
        // Without the person's leave a browser says that there is one, and no more.
        .filter((device) => device.kind === KINDS[kind] && device.deviceId !== '')
        .map(({ deviceId, label }) => ({ id: deviceId, label }));
      const isThere = (id: string | undefined): boolean => choices.some((choice) => choice.id === id);
      const chosen = [this.#inUse(kind), this.#wanted[kind], choices[0]?.id].find(isThere);
      return { choices, chosen };
    };
    this.#signals.devices.value = {
      microphone: of('microphone'),
      camera: of('camera'),
      output: canChooseOutput ? of('output') : { choices: [], chosen: undefined },
    };
  }
}
