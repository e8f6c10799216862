/** The interface on a door without a core: `?scene=NAME` chooses what it shows. */
import '../../client/ui/styles/tokens.css';
import '../../client/ui/styles/base.css';
import { render } from 'preact';
import { takeUpdate } from '../../client/ui/app-update.ts';
import { App } from '../../client/ui/app.tsx';
import { wantCall } from '../../client/ui/calls/call-wish.ts';
import { CallStageContext } from '../../client/ui/calls/stage.ts';
import { noteUnkept } from '../../client/ui/conversation/given-back.ts';
import { DoorContext } from '../../client/ui/door-context.ts';
import { Unsupported } from '../../client/ui/screens/unsupported.tsx';
import { followTheme } from '../../client/ui/theme.ts';
import { makeFakeDoor } from '../support/fake-door.ts';
import { makeStage } from './call-stage.ts';
import { ADA } from './people.ts';
import { SCENES } from './scenes.ts';

const name = new URLSearchParams(location.search).get('scene') ?? 'list';
const scene = SCENES[name];
const root = document.getElementById('app');
if (scene !== undefined && root !== null) {
  followTheme();
  if (scene.camera === true) holdCameraBeforeScreen();
  for (const words of scene.unkept ?? []) noteUnkept({ of: ADA.account, words });
  for (const [key, value] of Object.entries(scene.stored ?? {})) localStorage.setItem(key, value);
  if (scene.wants !== undefined) wantCall(ADA.account, scene.wants);
  if (scene.update === true) takeUpdate.value = () => undefined;
  render(
    scene.obstacle !== undefined ? (
      <Unsupported obstacle={scene.obstacle} />
    ) : (
      <DoorContext.Provider value={makeFakeDoor(scene)}>
        <CallStageContext.Provider value={makeStage(scene.stage ?? {})}>
          <App expectsAccount />
        </CallStageContext.Provider>
      </DoorContext.Provider>
    ),
    root,
  );
}

/** Puts a camera in the place of the page's own that is held before this very screen, and sees the QR code there. */
function holdCameraBeforeScreen(): void {
  const SIDE = 480;

  async function see(): Promise<MediaStream> {
    const code = document.querySelector('svg[role=img]');
    if (code === null) throw new Error('no code is shown');
    const picture = new Image();
    const drawn = new XMLSerializer().serializeToString(code);
    picture.src = `data:image/svg+xml,${encodeURIComponent(drawn)}`;
    await picture.decode();
    const canvas = document.createElement('canvas');
    canvas.width = SIDE;
    canvas.height = SIDE;
    const context = canvas.getContext('2d');
    const stream = canvas.captureStream();
    // A picture is seen when it is drawn, and the clock of the page stands still: a worker has its own.
    const beat = URL.createObjectURL(new Blob(['setInterval(() => postMessage(0), 100)']));
    new Worker(beat).addEventListener('message', () => {
      if (context === null) return;
      context.fillStyle = '#fff';
      context.fillRect(0, 0, SIDE, SIDE);
      context.drawImage(picture, 0, 0, SIDE, SIDE);
    });
    return stream;
  }

  Object.defineProperty(navigator.mediaDevices, 'getUserMedia', { value: see });
}
