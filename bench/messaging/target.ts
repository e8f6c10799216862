/** What the messaging phases need of a server under test: its process, and the two ends of a message, as bare as its wire allows. */

/** The writing end of one user. */
export interface Sender {
  /** Sends `body` to a user; resolves on the server's acknowledgement. */
  send(to: number, body: Buffer): Promise<void>;
  close(): void;
}

/** The receiving end of one user; acknowledges each delivery at once. */
export interface Receiver {
  close(): void;
}

/** A server that runs, and its users 0 to n - 1. */
export interface Target {
  readonly pid: number;
  openSender(user: number): Promise<Sender>;
  openReceiver(user: number, onBody: (body: Buffer) => void): Promise<Receiver>;
  stop(): Promise<void>;
}
