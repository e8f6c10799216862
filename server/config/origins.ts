/**
 * The web origins under which people open this server. Signed requests name the origin that they are meant for; one made for another
 * server, or through a look-alike address, is refused.
 */

/** The allowed origins. Without configured ones they follow the port, which is known once the server listens. */
export class Origins {
  readonly #configured: readonly string[];
  #port: number;

  constructor(configured: readonly string[], port: number) {
    this.#configured = configured;
    this.#port = port;
  }

  /** Tells the port that is listened on. */
  usePort(port: number): void {
    this.#port = port;
  }

  /** All allowed origins; the first one stands in printed links. */
  get all(): readonly [string, ...string[]] {
    const [first, ...rest] = this.#configured;
    if (first !== undefined) return [first, ...rest];
    const port = this.#port === 80 ? '' : `:${this.#port}`;
    return [`http://localhost${port}`, `http://127.0.0.1${port}`];
  }

  /** Whether a request made for `origin` is meant for this server. */
  allows(origin: string): boolean {
    return this.all.includes(origin);
  }

  /** Whether people reach this server by TLS alone. */
  get secure(): boolean {
    return this.all.every((origin) => origin.startsWith('https://'));
  }
}
