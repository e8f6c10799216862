/** The own devices: this one first, the others with name, when they came and when they were last seen; renaming and removing. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { DeviceView } from '../../core/door.ts';
import { NAME_MAX } from '../account-rules.ts';
import { shownNow } from '../clock.ts';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { TextField } from '../components/field.tsx';
import { FailureNote } from '../components/note.tsx';
import { Form } from '../components/page.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { dayStart, formatDate } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';
import { AskPassphrase } from './ask-passphrase.tsx';
import css from './devices.module.css';

type Act = { readonly kind: 'rename' | 'remove'; readonly device: DeviceView };

export function Devices(): VNode {
  const { state, commands } = useDoor();
  const [act, setAct] = useState<Act | undefined>(undefined);
  const devices = state.devices.value;
  const close = (): void => setAct(undefined);
  return (
    <>
      <p class={css.lead}>{text.devices.lead}</p>
      <ul class={css.list}>
        {devices.map((device) => (
          <Device key={device.device} device={device} onAct={(kind) => setAct({ kind, device })} />
        ))}
      </ul>
      {devices.length === 1 && <p class={css.lead}>{text.devices.only}</p>}
      {act?.kind === 'rename' && <Rename device={act.device} onClose={close} />}
      {act?.kind === 'remove' && (
        <AskPassphrase
          title={fill(text.devices.removeTitle, { name: nameOf(act.device) })}
          loses={text.devices.removeLoses}
          confirm={text.devices.removeConfirm}
          onClose={close}
          onAsk={(passphrase) => commands.removeDevice(act.device.device, passphrase)}
          onDone={() => announce(fill(text.devices.removed, { name: nameOf(act.device) }))}
        />
      )}
    </>
  );
}

function nameOf({ name }: DeviceView): string {
  return name ?? text.devices.unnamed;
}

/** When something of a device was last seen here. Known to the day, and said no finer. */
function seen({ hasLeft, heardAt }: DeviceView): string {
  if (hasLeft) return text.devices.left;
  if (heardAt === undefined) return text.devices.heardNever;
  if (dayStart(heardAt) === dayStart(shownNow.value)) return text.devices.heardToday;
  return fill(text.devices.heardOn, { date: formatDate(heardAt) });
}

function Device({
  device,
  onAct,
}: {
  readonly device: DeviceView;
  readonly onAct: (kind: Act['kind']) => void;
}): VNode {
  const name = nameOf(device);
  return (
    <li class={css.device}>
      <div class={css.about}>
        <h2 class={css.name} dir="auto">
          {name}
        </h2>
        {device.isThis ? <p class={css.here}>{text.devices.this}</p> : <p>{seen(device)}</p>}
        <p>{fill(text.devices.added, { date: formatDate(device.addedAt) })}</p>
        {device.isThis && <p>{text.devices.signOutHint}</p>}
      </div>
      <div class={css.acts}>
        <Button kind="quiet" label={fill(text.devices.renameLabel, { name })} onClick={() => onAct('rename')}>
          {text.devices.rename}
        </Button>
        {!device.isThis && (
          <Button
            kind="plain"
            label={fill(text.devices.removeLabel, { name })}
            onClick={() => onAct('remove')}
          >
            {text.devices.remove}
          </Button>
        )}
      </div>
    </li>
  );
}

function Rename({ device, onClose }: { readonly device: DeviceView; readonly onClose: () => void }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const [name, setName] = useState(device.name ?? '');
  async function save(): Promise<void> {
    if (!(await ask(() => commands.renameDevice(device.device, name)))) return;
    announce(text.common.saved);
    onClose();
  }
  return (
    <Dialog title={text.devices.renameTitle} onClose={onClose}>
      <Form onSubmit={() => inBackground(save())}>
        <FailureNote failure={failure} />
        <TextField
          label={text.devices.name}
          hint={text.devices.nameHint}
          name="device-name"
          autocomplete="off"
          maxLength={NAME_MAX}
          value={name}
          onInput={setName}
        />
        <DialogActions>
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {text.common.save}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
