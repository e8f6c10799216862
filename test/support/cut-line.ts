/**
 * A line between two that speak UDP, which can be cut: each sends to sockets that stand for the addresses of the other. On this machine alone.
 */
import { createSocket, type Socket } from 'node:dgram';

interface End {
  /** Stands for this end before the others. */
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
  isCut: boolean;
}

export class CutLine {
  readonly #ends = new Map<string, Promise<End>>();
  /** What has come so far, by whom it is from. */
  readonly #known = new Map<string, End>();
  #isDown = false;

  /** Adds an address and port of one of the two. Resolves to the port that stands for it, the same one each time. */
  async add(address: string, port: number): Promise<number> {
    const name = `${address} ${port}`;
    const end = this.#ends.get(name) ?? this.#open(address, port);
    this.#ends.set(name, end);
    const { socket } = await end;
    return socket.address().port;
  }

  async #open(address: string, port: number): Promise<End> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, address, () => resolve());
    });
    const end: End = { socket, address, port, isCut: false };
    this.#known.set(`${address} ${port}`, end);
    // What comes to this socket is meant for this end, and comes to it from the socket that stands for whoever sent it.
    socket.on('message', (bytes, from) => {
      const other = this.#known.get(`${from.address} ${from.port}`);
      if (other === undefined || this.#isDown || other.isCut || end.isCut) return;
      other.socket.send(bytes, port, address);
    });
    return end;
  }

  /** Nothing passes any more between the addresses that are there now. What is added later is carried. */
  cut(): void {
    for (const end of this.#known.values()) end.isCut = true;
  }

  /** Nothing passes any more, whatever is added. */
  takeDown(): void {
    this.#isDown = true;
  }

  close(): void {
    for (const { socket } of this.#known.values()) socket.close();
  }
}
