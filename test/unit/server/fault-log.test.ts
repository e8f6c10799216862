/** A fault that meets everybody is told once, and how often it came again, not with every request. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { FaultLog } from '../../../server/fault-log.ts';
import { StoreError } from '../../../server/store/errors.ts';
import { recordLog } from '../../support/recorded-log.ts';

/** A failure of the database, made in a place of its own. */
function fault(code: string): StoreError {
  return new StoreError('failed', 'telltale', Object.assign(new Error('telltale'), { code }));
}

t.test('faults of one kind are told at once and then by their number', async (t) => {
  const { lines, logger } = recordLog('info');
  const faults = new FaultLog(logger, 10);
  faults.add(fault('SQLITE_FULL'), { route: '/v1/somewhere' });
  for (let i = 0; i < 999; i += 1) faults.add(fault('SQLITE_FULL'), { route: '/v1/elsewhere' });
  faults.add(fault('SQLITE_BUSY'));
  faults.add(new TypeError('telltale'));
  faults.add('nothing that is an error');
  t.equal(lines.length, 4, 'what is of another kind is told for itself');
  const told = (): readonly unknown[] => lines.map((line): unknown => JSON.parse(line));
  t.match(told()[0], { level: 'error', route: '/v1/somewhere', error: { cause: { code: 'SQLITE_FULL' } } });
  while (lines.length < 5) await delay(5);
  t.match(told()[4], { level: 'error', times: 999, error: { cause: { code: 'SQLITE_FULL' } } });

  // Long enough without any: the next is told at once. Sooner, it is counted.
  faults.add(fault('SQLITE_FULL'));
  while (lines.length < 6) await delay(5);
  faults.close();
  t.equal(lines.length, 6);
  t.notMatch(lines.join(''), 'telltale');
});

t.test('wrong statements are told for each route, and with it when they come again', (t) => {
  const { lines, logger } = recordLog('info');
  const faults = new FaultLog(logger);
  for (const code of ['SQLITE_CONSTRAINT_FOREIGNKEY', 'SQLITE_ERROR'])
    for (const route of ['/v1/one', '/v1/one', '/v1/other'])
      faults.add(fault(code), { route, method: 'PUT' });
  const told = (): readonly unknown[] => lines.map((line): unknown => JSON.parse(line));
  const each = ['/v1/one', '/v1/other', '/v1/one', '/v1/other'];
  t.match(
    told(),
    each.map((route) => ({ msg: 'failure', route })),
  );
  t.equal(lines.length, each.length);
  faults.close();
  const again = { msg: 'the same failure again', route: '/v1/one', method: 'PUT', times: 1 };
  t.match(told().slice(each.length), [again, again]);
  t.equal(lines.length, each.length + 2);
  t.end();
});

t.test('what was counted is told at the end, and no timer keeps the process', (t) => {
  const { lines, logger } = recordLog('info');
  const faults = new FaultLog(logger);
  for (let i = 0; i < 3; i += 1) faults.add(fault('SQLITE_FULL'));
  t.equal(lines.length, 1);
  faults.close();
  faults.close();
  t.equal(lines.length, 2);
  t.match(JSON.parse(lines[1] ?? ''), { times: 2 });
  t.end();
});
