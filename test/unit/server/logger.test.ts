/** The log keeps what errors say to itself, also of errors that a library logs as they are. */
import t from 'tap';
import { recordLog } from '../../support/recorded-log.ts';

t.test('an error is logged by kind, code and place, never by its message', (t) => {
  const { lines, logger } = recordLog('info');
  const error = Object.assign(new TypeError('telltale\n    at telltale'), { code: 'SOME_CODE' });
  logger.error(error);
  logger.error({ err: error }, 'failure');
  logger.error({ error: new Error('outside', { cause: error }) }, 'failure');
  logger.child({ part: 'a' }).warn(error);
  t.equal(lines.length, 4);
  for (const line of lines) {
    t.match(line, 'TypeError');
    t.match(line, 'SOME_CODE');
    t.match(line, 'logger.test.ts', 'where it happened');
    t.notMatch(line, 'telltale');
  }
  t.end();
});
