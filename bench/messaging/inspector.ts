/** Asks a Node process that runs with `--inspect` to collect its garbage and to say what its heap holds (Chrome DevTools Protocol). */
import WebSocket from 'ws';

/** A connection to a process's inspector. */
export class Inspector {
  readonly #socket: WebSocket;
  #next = 0;
  readonly #waiting = new Map<number, (result: unknown) => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const { id, result } = JSON.parse(data.toString()) as { id?: number; result?: unknown };
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  /** Connects to the address that Node printed. */
  static async open(output: string): Promise<Inspector> {
    const address = /ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/.exec(output)?.[0];
    if (address === undefined) throw new Error('the process has no inspector');
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new Inspector(socket);
  }

  /** Bytes that live JavaScript objects and their buffers hold, after a full collection. */
  async liveBytes(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage');
    await this.#call('HeapProfiler.collectGarbage');
    const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';
    const answer = (await this.#call('Runtime.evaluate', { expression })) as { result: { value: number } };
    return answer.result.value;
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, params: object = {}): Promise<unknown> {
    this.#next += 1;
    const id = this.#next;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}
