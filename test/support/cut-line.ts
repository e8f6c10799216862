/** A line between two that speak UDP, which can be cut: each sends to a socket that stands for the other. On this machine alone. */
import { createSocket, type Socket } from 'node:dgram';

interface End {
  /** Stands for this end before the other. */
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
}

export class CutLine {
  readonly #ends: End[] = [];
  #isCut = false;

  /** Adds an end by its address and port; the second is the other end of the first. Resolves to the port that stands for it. */
  async add(address: string, port: number): Promise<number> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, address, () => resolve());
    });
    const end: End = { socket, address, port };
    this.#ends.push(end);
    // What comes to this socket is meant for this end, and comes to it from the socket of the other.
    socket.on('message', (bytes) => {
      const other = this.#ends.find((one) => one !== end);
      if (!this.#isCut) other?.socket.send(bytes, port, address);
    });
    return socket.address().port;
  }

  /** Nothing passes any more. */
  cut(): void {
    this.#isCut = true;
  }

  close(): void {
    for (const { socket } of this.#ends) socket.close();
  }
}
