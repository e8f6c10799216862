/** The interface on a door without a core: `?scene=NAME` chooses what it shows. */
import '../../client/ui/styles/tokens.css';
import '../../client/ui/styles/base.css';
import { render } from 'preact';
import { takeUpdate } from '../../client/ui/app-update.ts';
import { App } from '../../client/ui/app.tsx';
import { DoorContext } from '../../client/ui/door-context.ts';
import { followTheme } from '../../client/ui/theme.ts';
import { makeFakeDoor } from '../support/fake-door.ts';
import { SCENES } from './scenes.ts';

const name = new URLSearchParams(location.search).get('scene') ?? 'list';
const scene = SCENES[name];
const root = document.getElementById('app');
if (scene !== undefined && root !== null) {
  followTheme();
  if (scene.update === true) takeUpdate.value = () => undefined;
  render(
    <DoorContext.Provider value={makeFakeDoor(scene)}>
      <App expectsAccount />
    </DoorContext.Provider>,
    root,
  );
}
