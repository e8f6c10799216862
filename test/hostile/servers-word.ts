/** What the server holds of somebody, as it would say it: read with a token of his client's that has passed by. */
import type { Route } from '@tacet/protocol/route';
import type { Player } from './scene.ts';

/** The body of an honest answer. */
export async function readAs(
  { wire, proxy }: Pick<Player, 'wire' | 'proxy'>,
  { path, method }: Route,
): Promise<string> {
  const asked = wire.asked.findLast(({ headers }) => headers['authorization'] !== undefined);
  if (asked === undefined) throw new Error('no request with a token has passed');
  const { authorization = '' } = asked.headers;
  const reply = await proxy.send({ method, path, headers: { authorization }, body: undefined });
  if (reply.status !== 200) throw new Error(`no answer: ${reply.status}`);
  return reply.body;
}
