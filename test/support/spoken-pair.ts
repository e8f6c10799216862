/** Ada and Ben, in touch by an invite, who have said one thing each: both have sessions, and nothing is on its way. */
import type { ConversationId } from '@tacet/client/core/view';
import {
  linesOf,
  nameOf,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
  type TestClientOptions,
} from './make-client.ts';

export interface SpokenPair {
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly adasPassphrase: string;
  readonly bensPassphrase: string;
  /** The invite by which Ben came, once Ada's to give away. */
  readonly link: string;
  readonly toAda: ConversationId;
  readonly toBen: ConversationId;
}

export interface SpokenPairOptions {
  readonly adas?: Partial<TestClientOptions>;
  readonly bens?: Partial<TestClientOptions>;
  /** Their usernames in place of `ada` and `ben`. */
  readonly names?: readonly [string, string];
  /** Where the first of them needs one. */
  readonly invite?: string | undefined;
}

/** Both have the conversation open: Ada's `hello`, Ben's `hi`. The caller closes them. */
export async function makeSpokenPair(url: string, options: SpokenPairOptions = {}): Promise<SpokenPair> {
  const [first, second] = options.names ?? ['ada', 'ben'];
  await using opened = new AsyncDisposableStack();
  const ada = opened.use(openTestClient({ url, ...options.adas }));
  const { passphrase: adasPassphrase } = await signUp(ada, first, options.invite);
  const { link } = await ada.commands.makeInvite();
  const ben = opened.use(openTestClient({ url, ...options.bens }));
  const { passphrase: bensPassphrase } = await signUp(ben, second, link);
  const toAda = await openWith(ben, nameOf(first));
  const toBen = await openWith(ada, nameOf(second));
  await ada.commands.sendText(toBen, 'hello');
  await ben.waitFor('hello', (state) => textsOf(state).includes('hello'));
  await ben.commands.sendText(toAda, 'hi');
  await ada.waitFor('hi', (state) => textsOf(state).includes('hi'));
  // All receipts are through: what comes next on either wire is what a test sends.
  await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');
  await ben.waitFor('delivered', (state) => linesOf(state)[1]?.delivery.kind === 'delivered');
  opened.move();
  return { ada, ben, adasPassphrase, bensPassphrase, link, toAda, toBen };
}
