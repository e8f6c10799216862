/**
 * The worker's end of the door: serves a view of a client over a message port. Several views may be served at a time, each with its own
 * open conversation. Arguments come from the same build; what they hold is checked by the commands.
 */
import { idOf, type MessageId } from '@tacet/protocol/ids';
import type { Client } from './client.ts';
import { COMMAND_NAMES } from './command-table.ts';
import { CoreError, failureFrom } from './failure.ts';
import { StateTeller } from './patches.ts';
import { parseToCore, type CommandName, type PortLike, type ToView } from './worker-messages.ts';

/** What can be answered before it is known whether anybody is signed in. */
const EARLY: ReadonlySet<CommandName> = new Set([
  'readServer',
  'readInvite',
  'suggestPassphrase',
  'estimatePassphrase',
  // Waits inside, so that it is read before the first picture.
  'openConversation',
]);

/** Serves one view. The returned function ends it. */
export function serve(client: Client, port: PortLike): () => void {
  let isOver = false;
  const post = (message: ToView): void => {
    if (!isOver) port.postMessage(message);
  };
  post({ kind: 'served', turn: 1 });
  const teller = new StateTeller();
  const view = client.attach((slices) => post({ kind: 'patch', ...teller.tell(slices) }));
  let isStarted = false;
  client.started.then(
    () => {
      isStarted = true;
    },
    () => undefined,
  );

  function receive(event: { readonly data: unknown }): void {
    const message = parseToCore(event.data);
    if (message === undefined) return;
    switch (message.kind) {
      case 'call': {
        const { id, name, key, args, of } = message;
        if (!COMMAND_NAMES.includes(name)) {
          post({ kind: 'refused', id, failure: { code: 'unexpected' } });
          return;
        }
        const command = view.keyed(idOf<MessageId>(key))[name] as (
          ...values: readonly unknown[]
        ) => Promise<unknown>;
        const run = async (...values: readonly unknown[]): Promise<unknown> => {
          const account = view.account();
          if (of !== undefined && account !== undefined && of !== account) {
            throw new CoreError('cancelled', 'this was given for another account');
          }
          return command(...values);
        };
        const early = EARLY.has(name) || isStarted;
        (early ? run(...args) : client.started.then(() => run(...args))).then(
          (value) => post({ kind: 'answer', id, value }),
          (error: unknown) => post({ kind: 'refused', id, failure: failureFrom(error) }),
        );
        return;
      }
      case 'attention':
        view.attend(message);
        return;
      case 'tell-all':
        post({ kind: 'patch', ...teller.tellAll() });
        return;
      case 'take-over':
        return;
      case 'close':
        end();
    }
  }

  function end(): void {
    isOver = true;
    port.removeEventListener('message', receive);
    view.close();
  }

  port.addEventListener('message', receive);
  port.start?.();
  return end;
}
