/** What the keys do, all of them, and what Enter does where one writes. */
import type { VNode } from 'preact';
import { Switch } from '../components/switch.tsx';
import { enterSends, setEnterSends } from '../conversation/enter-key.ts';
import { COMMAND } from '../screens/command-key.ts';
import { KeyList } from '../screens/key-list.tsx';
import { fill, text } from '../text/text.ts';

export function Keyboard(): VNode {
  return (
    <>
      <Switch
        label={text.keys.enterSends}
        hint={fill(text.keys.enterSendsHint, { keys: `${COMMAND}+Enter` })}
        on={enterSends.value}
        onChange={setEnterSends}
      />
      <KeyList />
    </>
  );
}
