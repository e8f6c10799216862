/** Above the list: an added device, a restored server, and what the server was caught at, until the person has seen it. */
import type { VNode } from 'preact';
import type { AlertView } from '../../core/door.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { inBackground, useDoor } from '../door-context.ts';
import { linkTo } from '../router.ts';
import { formatFull } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';

export function AlertNotes(): VNode {
  const { state } = useDoor();
  return (
    <>
      {state.alerts.value.map((alert) => (
        <AlertNote key={alert.id} alert={alert} />
      ))}
    </>
  );
}

function AlertNote({ alert }: { readonly alert: AlertView }): VNode {
  const { commands } = useDoor();
  const see = (): void => inBackground(commands.seeAlert(alert.id));
  if (alert.what === 'device-added') {
    const name = alert.deviceName ?? text.devices.unnamed;
    return (
      <Note kind="caution">
        <p>{fill(text.alerts.added, { name, date: formatFull(alert.at) })}</p>
        <p>{text.alerts.addedDoubt}</p>
        <div>
          <Button onClick={see}>{text.alerts.addedSeen}</Button>
          <ButtonLink {...linkTo({ kind: 'settings', page: 'devices' })}>{text.alerts.addedSee}</ButtonLink>
        </div>
      </Note>
    );
  }
  if (alert.what === 'clocks') {
    const times = { here: formatFull(alert.at), there: formatFull(alert.serverAt) };
    return (
      <Note kind="caution">
        <p>{fill(text.alerts.clocks, times)}</p>
        <p>{text.alerts.clocksAdvice}</p>
        <Button onClick={see}>{text.alerts.seen}</Button>
      </Note>
    );
  }
  if (alert.what === 'restored') {
    return (
      <Note kind="info">
        <p>{fill(text.alerts.restored, { date: formatFull(alert.backedUpAt) })}</p>
        <p>{text.alerts.restoredAdvice}</p>
        <Button onClick={see}>{text.alerts.seen}</Button>
      </Note>
    );
  }
  return (
    <Note kind={alert.what === 'foreign-keys' ? 'info' : 'danger'}>
      <p>{text.alerts.caught[alert.what]}</p>
      <p>{text.alerts.advice[alert.what]}</p>
      <Button onClick={see}>{text.alerts.seen}</Button>
    </Note>
  );
}
