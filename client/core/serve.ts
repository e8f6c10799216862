/**
 * The worker's end of the door: serves a view of a client over a message port. Several views may be served at a time, each with its own
 * open conversation. Arguments come from the same build; what they hold is checked by the commands.
 */
import type { Client } from './client.ts';
import { COMMAND_NAMES } from './door.ts';
import { failureFrom } from './failure.ts';
import type { PortLike, ToCore, ToView } from './worker-messages.ts';

/** Serves one view. The returned function ends it. */
export function serve(client: Client, port: PortLike): () => void {
  const post = (message: ToView): void => port.postMessage(message);
  const view = client.attach((slices) => post({ kind: 'patch', slices }));

  function receive(event: { readonly data: unknown }): void {
    const message = event.data as ToCore;
    switch (message.kind) {
      case 'call': {
        const { id, name, args } = message;
        if (!COMMAND_NAMES.includes(name)) {
          post({ kind: 'refused', id, failure: { code: 'unexpected' } });
          return;
        }
        const run = view.commands[name] as (...values: readonly unknown[]) => Promise<unknown>;
        run(...args).then(
          (value) => post({ kind: 'answer', id, value }),
          (error: unknown) => post({ kind: 'refused', id, failure: failureFrom(error) }),
        );
        return;
      }
      case 'close':
        end();
    }
  }

  function end(): void {
    port.removeEventListener('message', receive);
    view.close();
  }

  port.addEventListener('message', receive);
  port.start?.();
  return end;
}
