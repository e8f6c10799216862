/** What others learn besides the messages: whether they were read, and that one writes. */
import type { VNode } from 'preact';
import type { Me } from '../../core/door.ts';
import { FailureNote } from '../components/note.tsx';
import { Switch } from '../components/switch.tsx';
import { inBackground, useChoice, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';
import { RelayNote } from './relay-note.tsx';

export function Privacy({ me }: { readonly me: Me }): VNode {
  const { commands } = useDoor();
  const receipts = useChoice(me.readReceipts, (readReceipts) => commands.setPrivacy({ readReceipts }));
  const relay = useChoice(me.relayCalls, (relayCalls) => commands.setPrivacy({ relayCalls }));
  const typing = useChoice(me.typing, (on) => commands.setPrivacy({ typing: on }));

  return (
    <>
      <FailureNote failure={receipts.failure ?? typing.failure ?? relay.failure} />
      <Switch
        label={text.privacy.readReceipts}
        hint={text.privacy.readReceiptsHint}
        on={receipts.shown}
        busy={receipts.busy}
        onChange={(on) => inBackground(receipts.choose(on))}
      />
      <Switch
        label={text.privacy.typing}
        hint={text.privacy.typingHint}
        on={typing.shown}
        busy={typing.busy}
        onChange={(on) => inBackground(typing.choose(on))}
      />
      <Switch
        label={text.privacy.relayCalls}
        hint={text.privacy.relayCallsHint}
        on={relay.shown}
        busy={relay.busy}
        onChange={(on) => inBackground(relay.choose(on))}
      />
      <RelayNote isWanted={relay.shown} />
    </>
  );
}
