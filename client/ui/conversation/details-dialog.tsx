/** What is known of one message: when it was sent and came, and of an own one, which of the other person's devices have it. */
import type { VNode } from 'preact';
import type { ConversationId, MessageDetails } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { useDoor, useLoaded } from '../door-context.ts';
import { formatDate, formatFull } from '../text/dates.ts';
import { fill, formatNumber, text } from '../text/text.ts';
import css from './details-dialog.module.css';
import type { MessageLine } from './rows.ts';

export function DetailsDialog({
  id,
  message,
  name,
  onClose,
}: {
  readonly id: ConversationId;
  readonly message: MessageLine;
  /** The other person's. */
  readonly name: string;
  readonly onClose: () => void;
}): VNode {
  const { commands } = useDoor();
  const [loaded, again] = useLoaded(() => commands.readDetails(id, message.order), String(message.order));
  return (
    <Dialog title={text.details.title} onClose={onClose}>
      {loaded.kind === 'loading' && <Skeleton shape="text" count={3} />}
      {loaded.kind === 'failed' && (
        <>
          <FailureNote failure={loaded.failure} />
          <DialogActions>
            <Button onClick={again}>{text.common.retry}</Button>
          </DialogActions>
        </>
      )}
      {loaded.kind === 'loaded' && (
        <>
          <dl class={css.times}>
            <Time name={text.details.sent} at={loaded.value.sentAt} />
            {!message.mine && <Time name={text.details.received} at={loaded.value.receivedAt} />}
          </dl>
          {loaded.value.delayed && <p>{text.details.delayed}</p>}
          {loaded.value.reduced && <p>{text.details.reduced}</p>}
          {message.mine && <Devices devices={loaded.value.devices} name={name} />}
          <p class={css.soft}>{text.details.times}</p>
        </>
      )}
    </Dialog>
  );
}

function Time({ name, at }: { readonly name: string; readonly at: number }): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <time dateTime={new Date(at).toISOString()}>{formatFull(at)}</time>
      </dd>
    </div>
  );
}

function Devices({
  devices,
  name,
}: {
  readonly devices: MessageDetails['devices'];
  readonly name: string;
}): VNode {
  if (devices.length === 0) return <p>{fill(text.details.noDevices, { name })}</p>;
  return (
    <section>
      <h3 class={css.heading}>{fill(text.details.devices, { name })}</h3>
      <ul class={css.devices}>
        {devices.map(({ device, addedAt, deliveredAt, readAt }, i) => (
          <li key={device}>
            <p>
              {fill(text.details.device, { number: formatNumber(i + 1) })}{' '}
              <span class={css.soft}>
                {addedAt === undefined
                  ? text.details.gone
                  : fill(text.details.added, { date: formatDate(addedAt) })}
              </span>
            </p>
            <p class={css.soft}>
              {readAt !== undefined
                ? fill(text.details.read, { date: formatFull(readAt) })
                : deliveredAt !== undefined
                  ? fill(text.details.delivered, { date: formatFull(deliveredAt) })
                  : text.details.waiting}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
