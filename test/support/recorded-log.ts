/** A logger whose lines stay in memory. */
import { Writable } from 'node:stream';
import type { Config } from '../../server/config/config.ts';
import { buildLogger, type Logger } from '../../server/logger.ts';

/** Everything that is logged from now on, a line each. */
export function recordLog(level: Config['logLevel']): {
  readonly lines: readonly string[];
  readonly logger: Logger;
} {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, logger: buildLogger(level, destination) };
}
