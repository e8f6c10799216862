import { test } from 'tap';
import type { AccountId, DeviceId } from '../../../protocol/ids.ts';
import { MemoryBus } from '../../../server/bus/memory.ts';
import type { BusEvent } from '../../../server/bus/port.ts';
import { makeId } from '../../support/open-store.ts';

test('an event reaches every listener of its device, in order, and nobody else', (t) => {
  const bus = new MemoryBus((error) => t.fail(String(error)));
  const [device, other] = [makeId<DeviceId>(), makeId<DeviceId>()];
  const heard: string[] = [];
  bus.onDevice(device, (event) => heard.push(`a ${event.kind}`));
  bus.onDevice(device, (event) => heard.push(`b ${event.kind}`));
  bus.onDevice(other, () => t.fail('not for this device'));
  bus.publish({ kind: 'envelope', device });
  bus.publish({ kind: 'session-ended', device });
  t.same(heard, ['a envelope', 'b envelope', 'a session-ended', 'b session-ended']);
  t.end();
});

test('who has unsubscribed hears nothing, even while an event is being told', (t) => {
  const bus = new MemoryBus((error) => t.fail(String(error)));
  const device = makeId<DeviceId>();
  let heard = 0;
  const leave = bus.onDevice(device, () => {
    heard += 1;
    leave();
  });
  bus.onDevice(device, () => (heard += 10));
  bus.publish({ kind: 'envelope', device });
  bus.publish({ kind: 'envelope', device });
  t.equal(heard, 21);
  t.end();
});

test('a listener that throws is reported and keeps nobody from hearing', (t) => {
  const failures: unknown[] = [];
  const bus = new MemoryBus((error) => failures.push(error));
  const account = makeId<AccountId>();
  const heard: BusEvent[] = [];
  const broken = new Error('broken');
  bus.onAccount(() => {
    throw broken;
  });
  const leave = bus.onAccount((event) => heard.push(event));
  bus.publish({ kind: 'list-changed', account });
  leave();
  bus.publish({ kind: 'list-changed', account });
  t.same(failures, [broken, broken]);
  t.same(heard, [{ kind: 'list-changed', account }]);
  t.end();
});
