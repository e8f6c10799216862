/** Time that passes goes on while the machine sleeps: else its clock would seem to have jumped each time that it wakes. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { uptimeMs } from '../../../server/clock.ts';

const UPTIME = '/proc/uptime';
const skip = existsSync(UPTIME) ? false : 'this system does not tell its uptime there';

t.test('time that passes is that of the kernel, which counts sleep', { skip }, (t) => {
  const kernelMs = (): number => Number(readFileSync(UPTIME, 'utf8').split(' ')[0]) * 1_000;
  const [before, told, after] = [kernelMs(), uptimeMs(), kernelMs()];
  t.ok(before <= told && told <= after, `${String(before)}, ${String(told)}, ${String(after)}`);
  t.end();
});
