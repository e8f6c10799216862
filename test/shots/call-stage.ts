/** A stage of calls without devices or connections, for looking at screens: pictures that are drawn, and switches that switch nothing else. */
import { signal } from '@preact/signals';
import type { CallStage, DeviceTrouble, OnHere } from '../../client/ui/calls/stage.ts';

/** What a scene decides of it. */
export interface StageScene {
  readonly on?: Partial<OnHere>;
  /** Which pictures of the other side come. */
  readonly theirs?: readonly ('camera' | 'screen')[];
  readonly trouble?: DeviceTrouble;
  readonly obstacle?: NonNullable<CallStage['obstacle']['value']>;
  readonly isSilenced?: boolean;
  /** Whether the microphone is not to be had. */
  readonly deaf?: boolean;
  /** `prepare` never ends: the browser asks. */
  readonly asks?: boolean;
}

/** Draws while the scene's clock stands still: a worker has a clock of its own. */
function drawn(width: number, height: number, draw: (to: CanvasRenderingContext2D) => void): MediaStream {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  const stream = canvas.captureStream();
  if (context !== null) draw(context);
  const beat = URL.createObjectURL(new Blob(['setInterval(() => postMessage(0), 150)']));
  new Worker(beat).addEventListener('message', () => {
    if (context !== null) draw(context);
  });
  return stream;
}

/** A room with somebody in it. */
function face(hue: number, [width, height] = [480, 270]): MediaStream {
  return drawn(width, height, (to) => {
    const wall = to.createLinearGradient(0, 0, width, height);
    wall.addColorStop(0, `oklch(0.78 0.05 ${hue})`);
    wall.addColorStop(1, `oklch(0.48 0.06 ${hue + 40})`);
    to.fillStyle = wall;
    to.fillRect(0, 0, width, height);
    to.fillStyle = `oklch(0.93 0.03 ${hue})`;
    to.fillRect(width * 0.08, height * 0.1, width * 0.2, height * 0.42);
    to.fillStyle = `oklch(0.32 0.07 ${hue + 160})`;
    to.beginPath();
    to.ellipse(width / 2, height * 1.06, width * 0.24, height * 0.42, 0, 0, 2 * Math.PI);
    to.fill();
    to.fillStyle = 'oklch(0.3 0.04 50)';
    to.beginPath();
    to.ellipse(width / 2, height * 0.4, width * 0.105, height * 0.225, 0, 0, 2 * Math.PI);
    to.fill();
    to.fillStyle = 'oklch(0.76 0.07 60)';
    to.beginPath();
    to.ellipse(width / 2, height * 0.44, width * 0.085, height * 0.19, 0, 0, 2 * Math.PI);
    to.fill();
  });
}

/** A page of text, as somebody shows it. */
function page(): MediaStream {
  return drawn(800, 450, (to) => {
    to.setTransform(0.5, 0, 0, 0.5, 0, 0);
    to.fillStyle = '#f7f6f3';
    to.fillRect(0, 0, 1600, 900);
    to.fillStyle = '#234';
    to.font = '600 44px system-ui';
    to.fillText('Notes on the engine', 120, 130);
    to.fillStyle = '#9aa';
    for (let row = 0; row < 12; row += 1) to.fillRect(120, 200 + row * 50, 900 + ((row * 137) % 420), 18);
  });
}

const OFF: OnHere = { microphone: false, camera: false, screen: false };

/** The stage of a scene. */
export function makeStage(scene: StageScene): CallStage {
  const on = signal<OnHere>({ ...OFF, microphone: true, ...scene.on });
  const mine = signal({ camera: on.value.camera ? face(250) : undefined, screen: undefined });
  const trouble = signal(scene.trouble);
  const device = (id: string, label: string): { readonly id: string; readonly label: string } => ({
    id,
    label,
  });
  const turn = async (of: keyof OnHere, is: boolean): Promise<void> => {
    on.value = { ...on.value, [of]: is };
    if (of === 'camera') mine.value = { ...mine.value, camera: is ? face(250) : undefined };
  };
  return {
    mine,
    theirs: signal({
      camera: scene.theirs?.includes('camera') === true ? face(70) : undefined,
      screen: scene.theirs?.includes('screen') === true ? page() : undefined,
    }),
    on,
    devices: signal({
      microphone: {
        choices: [
          device('m1', 'Built-in microphone'),
          device('m2', 'USB headset with a name that goes on and on'),
        ],
        chosen: 'm1',
      },
      camera: { choices: [device('c1', ''), device('c2', '')], chosen: 'c1' },
      output: { choices: [device('o1', 'Built-in speakers'), device('o2', 'Headset')], chosen: 'o1' },
    }),
    trouble,
    level: signal(0.42),
    isSilenced: signal(scene.isSilenced ?? false),
    canShareScreen: true,
    obstacle: signal(scene.obstacle),
    async prepare(media) {
      if (scene.asks === true) return new Promise<never>(() => undefined);
      if (scene.deaf === true) {
        trouble.value = scene.trouble ?? { of: 'microphone', why: 'denied' };
        return false;
      }
      if (media === 'video') await turn('camera', true);
      return true;
    },
    letGo: () => undefined,
    setMicrophone: (is) => turn('microphone', is),
    setCamera: (is) => turn('camera', is),
    setScreen: (is) => turn('screen', is),
    choose: async () => undefined,
    meter: () => () => undefined,
    play: async () => undefined,
    seeTrouble: () => {
      trouble.value = scene.trouble;
    },
  };
}
