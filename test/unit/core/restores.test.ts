/** What a claimed restore of the server is worth: some time, twice a week. */
import t from 'tap';
import {
  graceUntil,
  isPatient,
  isSettled,
  mayBelieve,
  mayBringRecord,
  withRestore,
} from '@tacet/client/core/account/restores';
import type { OwnDevice } from '@tacet/client/core/db/stored-device';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const NOW = 1_800_000_000_000;

/** The parts of a device that are read here. */
const FRESH = {} as OwnDevice;

function restoredAt(...times: readonly number[]): OwnDevice {
  return times.reduce(
    (own, at, i) => withRestore(own, { epoch: new Uint8Array(16).fill(i + 1), at, backedUpAt: at - DAY_MS }),
    FRESH,
  );
}

t.test('a device that knows of no restore has no patience with an older state', (t) => {
  t.equal(graceUntil(FRESH, NOW), undefined);
  t.notOk(isPatient(FRESH, NOW));
  t.notOk(mayBringRecord(FRESH, NOW));
  t.ok(mayBelieve(FRESH, NOW));
  t.end();
});

t.test('an older state is waited out for two minutes, whichever way the clock is set', (t) => {
  const own = restoredAt(NOW);
  t.equal(graceUntil(own, NOW + MINUTE_MS), NOW + 2 * MINUTE_MS);
  t.equal(graceUntil(own, NOW + 2 * MINUTE_MS), undefined);
  t.equal(graceUntil(own, NOW - DAY_MS), undefined);
  t.notOk(isPatient(own, NOW + 3 * DAY_MS));
  t.notOk(mayBringRecord(own, NOW + DAY_MS));
  t.end();
});

t.test('two epochs are believed in a week, each once, and none is forgotten soon', (t) => {
  const own = restoredAt(NOW, NOW + MINUTE_MS);
  t.ok(isSettled(own, new Uint8Array(16).fill(1)));
  t.notOk(isSettled(own, new Uint8Array(16).fill(3)));
  t.notOk(mayBelieve(own, NOW + 2 * MINUTE_MS));
  t.notOk(mayBelieve(own, NOW + 6 * DAY_MS));
  t.ok(mayBelieve(own, NOW + 8 * DAY_MS));
  t.ok(isSettled(restoredAt(NOW, NOW, NOW, NOW, NOW), new Uint8Array(16).fill(1)));
  t.end();
});
