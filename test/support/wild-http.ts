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

/** A connection that was kept open may end at the moment of the next request. One that breaks as often as that breaks by what was asked. */
const TRIES = 3;

/** Asks and waits for the whole answer. Throws when none comes, or the connection breaks again and again. */
export async function ask(url: string, agent: Agent, call: WildCall): Promise<WildAnswer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await askOnce(url, agent, call);
    } catch (error) {
      if (tries === TRIES || !/ECONNRESET|EPIPE/.test(String(error))) throw error;
    }
  }
}

function askOnce(url: string, agent: Agent, { method, path, headers, body }: WildCall): Promise<WildAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url + path, {
      agent,
      method,
      headers,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    request.on('error', reject);
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
