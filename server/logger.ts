/**
 * Logs, one logger per subsystem. No line holds an address, a name, a token, a path with an invite's code or anything a person typed:
 * requests are logged by route pattern, errors by kind, code and stack without their message.
 */
import { pino, type DestinationStream, type LogFn, type Logger, type LoggerOptions } from 'pino';
import type { Config } from './config/config.ts';

export type { Logger } from 'pino';

/** What is logged of an error. */
export interface ErrorFields {
  readonly type: string;
  readonly code?: string;
  /** Where it was made: the top of the stack. */
  readonly at?: readonly string[];
  readonly cause?: ErrorFields;
}

/** What is logged of an error. Messages are left out: a parser's quotes its input. */
export function errorFields(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const { stack = '', message } = error;
  // The stack begins with the message, which may look like a part of it.
  const after = message === '' ? 0 : stack.indexOf(message) + message.length;
  const at = stack
    .slice(after)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    at: at.slice(0, 12).map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}

/** The root logger. `destination`: standard output unless given. */
export function buildLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // Of an error that is logged as it is, pino would make the message the line's text.
    hooks: {
      logMethod(args: Parameters<LogFn>, method: LogFn) {
        const [subject, text] = args as readonly unknown[];
        if (subject instanceof Error && text === undefined) method.call(this, { err: subject }, 'failure');
        else method.apply(this, args);
      },
    },
    serializers: { err: errorFields, error: errorFields, req: () => undefined, res: () => undefined },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
