/** A client acknowledges whatever is delivered, and cannot tell what was passed on without being queued: that must cost it nothing. */
import { randomBytes } from 'node:crypto';
import { test } from 'tap';
import type { DeviceId } from '../../protocol/ids.ts';
import { RATES } from '../../protocol/limits.ts';
import { openGateway, sendFrame } from '../support/open-gateway.ts';
import { makeId } from '../support/open-store.ts';
import { openAnonymous } from '../support/socket-client.ts';

test('nobody can drive a device off its socket with messages that are delivered now or never', async (t) => {
  const gateway = await openGateway(t, { rateFactor: 1, clock: { now: () => 1_795_000_000_000 } });
  const bob = await gateway.makeAccount(1);
  const client = await gateway.connect(bob.account, bob.devices[0] ?? makeId<DeviceId>());
  await client.takeUntil('drained');
  const each = RATES.send.burst - 100;
  for (let connection = 0; connection < 2; connection++) {
    const sender = await openAnonymous(gateway.origin);
    for (let re = 0; re < each; re++) sender.send(sendFrame(bob, re, randomBytes(5), true));
    for (let re = 0; re < each; re++) {
      await sender.take('sent');
      client.acknowledge((await client.take('deliver')).id);
    }
  }
  t.same(await client.barrier(), [], 'more than a connection may ask were acknowledged, and it goes on');
  t.same(gateway.failures, []);
});
