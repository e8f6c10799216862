/** A device that was added to the account: the others tell of it until the person has seen it. Row A47 of the hostile server's list. */
import t from 'tap';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { isOnline, openTestClient, signIn, signUp, toldOf, type TestClient } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

const DAY_MS = 24 * 60 * 60_000;

t.setTimeout(300_000);

/** Everything that followed from what came has been done. */
async function isDone({ client }: TestClient): Promise<void> {
  for (let rounds = 0; rounds < 3; rounds += 1) await client.background.settled();
}

t.test(
  'A47: an added device is told of on every other one, over a restart, until the person there has seen it',
  async (t) => {
    await using server = await openTestServer();
    const { url } = server;
    const ada = openTestClient({ url });
    const { passphrase } = await signUp(ada, 'ada');
    await using second = openTestClient({ url });
    await signIn(second, 'ada', passphrase);
    await ada.waitFor('the word', ({ alerts }) => alerts.length === 1);
    await isDone(second);
    t.strictSame(toldOf(second), [], 'the new device tells nothing of itself or of those before it');
    const [alert] = ada.state.alerts;
    t.equal(alert?.id, second.state.devices.find(({ isThis }) => isThis)?.device);
    await second.commands.renameDevice(second.state.devices[0]!.device, 'Night train');
    await ada.waitFor('its name', ({ alerts }) =>
      alerts.some((each) => each.what === 'device-added' && each.deviceName === 'Night train'),
    );
    const { disk } = ada.ports;
    await ada.close();

    await using again = openTestClient({ url, disk });
    await again.waitFor('the word', ({ alerts }) => alerts.length === 1);
    await isOnline(again);
    await using third = openTestClient({ url });
    await signIn(third, 'ada', passphrase);
    await again.waitFor('both', ({ alerts }) => alerts.length === 2);
    await second.waitFor('the third', ({ alerts }) => alerts.length === 1);
    await again.commands.seeAlert(alert!.id);
    await again.waitFor('one', ({ alerts }) => alerts.length === 1);
    t.not(again.state.alerts[0]?.id, alert?.id);
    t.strictSame(toldOf(second), ['device-added'], 'what was seen on one is not taken away on another');
    await again.commands.removeDevice(third.state.devices.find(({ isThis }) => isThis)!.device, passphrase);
    await again.waitFor('none', ({ alerts }) => alerts.length === 0);
  },
);

t.test(
  'A47: an added device is told of though the server says nothing of the new list, with the time of those who learn of it',
  async (t) => {
    await using server = await openTestServer();
    const { url } = server;
    const wire = makeHostileWire();
    await using ada = openTestClient({ url, wire });
    const { passphrase } = await signUp(ada, 'ada');
    await isDone(ada);
    wire.change = (frame) => (frame.kind === 'notice' ? [] : [frame]);
    // The thief's clock says what he likes.
    const before = Date.now();
    await using thief = openTestClient({ url, skewMs: () => -300 * DAY_MS });
    await signIn(thief, 'ada', passphrase);
    // His first word to the account's devices, of a changed record, carries the list that names him.
    await thief.commands.setName('Countess');
    await ada.waitFor('the word', ({ alerts }) => alerts.length === 1);
    const at = ada.state.alerts[0]?.at ?? 0;
    t.ok(at >= before && at <= Date.now(), 'the time is this device’s own');
  },
);
