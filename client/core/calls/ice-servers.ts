/** Who helps to find a way, as the server says it: its own STUN responder at the host of its origin, and TURN servers. */
import type { CallServers } from '@tacet/protocol/frames/calls';
import type { Ports } from '../ports.ts';
import type { IceServer } from './call-window.ts';
import type { RelayLink } from './relay-link.ts';

/** What the server says of ways is waited for, ms: without it a call in one network comes about all the same. */
const SERVERS_MS = 1_500;

/** The host of a web origin, an IPv6 address in brackets. */
const HOST = /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[^/:@]+)/;

export class WayServers {
  readonly #link: RelayLink;
  readonly #ports: Pick<Ports, 'clock' | 'origin'>;
  #said: CallServers | undefined;

  constructor(link: RelayLink, ports: Pick<Ports, 'clock' | 'origin'>) {
    this.#link = link;
    this.#ports = ports;
  }

  /** For `RTCPeerConnection`, as far as the server has said it. */
  get ice(): readonly IceServer[] {
    if (this.#said === undefined) return [];
    const host = HOST.exec(this.#ports.origin)?.[1];
    const { stun, turn } = this.#said;
    return [
      ...(stun === undefined || host === undefined ? [] : [{ urls: [`stun:${host}:${stun.port}`] }]),
      ...turn.map(({ urls, username, credential }) => ({ urls, username, credential })),
    ];
  }

  /** The server has said that it relays no calls. */
  get lacksRelay(): boolean {
    return this.#said?.relay === 'none';
  }

  /** There is the media server, and nothing that gives addresses late: who has named none will not. */
  get relaysAlone(): boolean {
    return this.#said?.relay === 'ready' && this.#said.turn.length === 0;
  }

  /** Without an address to be shown only TURN servers are a direct way, and only while there is no media server. */
  mayGoDirect(hides: boolean): boolean {
    if (!hides) return true;
    return this.#said !== undefined && this.#said.relay !== 'ready' && this.#said.turn.length > 0;
  }

  /** Asks, and waits for the answer for a moment; one that comes later is heard too. Rejects never. */
  async ask(): Promise<void> {
    const asked = this.#link.request({ kind: 'call-servers' }).then(
      (answer) => {
        if (answer.kind === 'call-servers') this.#said = answer;
      },
      () => undefined,
    );
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#ports.clock.after(SERVERS_MS, resolve);
    });
    await Promise.race([asked, late]);
    cancel?.();
  }
}
