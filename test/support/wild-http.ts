/** HTTP with any method, path and headers that Node will write at all. */
import { request as httpRequest, type Agent } from 'node:http';

/** A request as it is sent. */
export interface WildCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/** An answer as it came. */
export interface WildAnswer {
  readonly status: number;
  readonly body: string;
}

/** No answer is waited for longer, on the busiest machine. */
const ANSWER_WITHIN_MS = 120_000;

/**
 * Asks and waits for the whole answer; throws when none comes, or the connection breaks. A connection that was kept open may end at the
 * moment of the next request: that is asked again. `onTry`: called before each time.
 */
export async function ask(url: string, agent: Agent, call: WildCall, onTry: () => void): Promise<WildAnswer> {
  const { method, path, headers, body } = call;
  onTry();
  return new Promise((resolve, reject) => {
    const request = httpRequest(url + path, {
      agent,
      method,
      headers,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isReset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      if (isReset && request.reusedSocket) resolve(ask(url, agent, call, onTry));
      else reject(error);
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.end(body);
  });
}
