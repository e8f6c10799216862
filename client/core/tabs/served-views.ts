/** The views that the owner of the account serves: that of its own window, and one for each other tab, until that tab ends. */
import type { Client } from '../client.ts';
import type { TabPorts } from '../ports.ts';
import { serve } from '../serve.ts';
import type { ToCore, ToView } from '../worker-messages.ts';
import { lifelineOf, viewChannel } from './names.ts';
import { Pipe } from './pipe.ts';
import { parseCall, type CallMessage } from './tab-messages.ts';

/** Views that an owner serves at most: a person has fewer tabs, and each costs memory here. */
const VIEWS_MOST = 100;

interface Served {
  readonly pipe: Pipe;
  readonly end: () => void;
}

export class ServedViews {
  readonly #ports: TabPorts;
  /** The view of the own window. */
  readonly #own: string;
  readonly #served = new Map<string, Served>();

  constructor(ports: TabPorts, own: string) {
    this.#ports = ports;
    this.#own = own;
  }

  /** Serves the view of another tab until that tab ends. */
  serve(client: Client, { view, serving }: { readonly view: string; readonly serving: string }): void {
    if (view === this.#own || (this.#served.size >= VIEWS_MOST && !this.#served.has(view))) return;
    this.#served.get(view)?.end();
    const channel = this.#ports.openChannel(viewChannel(view), (data) => {
      const message = parseCall(data);
      if (message?.serving !== serving) return;
      if (message.kind === 'ping') channel.post({ serving, kind: 'pong' } satisfies CallMessage);
      else if (message.kind === 'to-core') pipe.deliver(message.message);
    });
    const pipe = new Pipe((message) => {
      channel.post({ serving, kind: 'to-view', message: message as ToView } satisfies CallMessage);
    });
    const stopServing = serve(client, pipe);
    const end = (): void => {
      stopServing();
      channel.close();
      stopWaiting();
      if (this.#served.get(view)?.pipe === pipe) this.#served.delete(view);
    };
    const stopWaiting = this.#ports.lifelines.onBreak(lifelineOf(view), end);
    this.#served.set(view, { pipe, end });
  }

  /** Serves the own window. */
  serveOwn(client: Client, show: (message: ToView) => void): void {
    const pipe = new Pipe((message) => show(message as ToView));
    this.#served.set(this.#own, { pipe, end: serve(client, pipe) });
  }

  /** What the own window says. */
  deliverOwn(message: ToCore): void {
    this.#served.get(this.#own)?.pipe.deliver(message);
  }

  end(): void {
    for (const { end } of this.#served.values()) end();
    this.#served.clear();
  }
}
