/** People whose cores have windows to call with, and what a test of calls says and waits for. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import type { CallView, ConversationId, Line, ViewState } from '@tacet/client/core/view';
import { openTestClient, type TestClient, type TestClientOptions } from './make-client.ts';
import { rowsOf } from './node-ports.ts';
import { makeSpokenPair, type SpokenPairOptions } from './spoken-pair.ts';
import { CallNet, TestCallWindow } from './test-call-window.ts';

/** Two people who have spoken, each with a window. */
export interface CallPair {
  readonly net: CallNet;
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly adas: TestCallWindow;
  readonly bens: TestCallWindow;
  readonly toBen: ConversationId;
  readonly toAda: ConversationId;
  readonly adasPassphrase: string;
  readonly bensPassphrase: string;
  readonly link: string;
}

/** Until the test ends. */
export async function makeCallPair(
  t: Pick<Test, 'teardown'>,
  url: string,
  options: SpokenPairOptions = {},
): Promise<CallPair> {
  const net = new CallNet();
  const adas = new TestCallWindow(net);
  const bens = new TestCallWindow(net);
  const pair = await makeSpokenPair(url, {
    ...options,
    adas: { ...options.adas, callWindow: adas },
    bens: { ...options.bens, callWindow: bens },
  });
  t.teardown(() => Promise.all([pair.ada.close(), pair.ben.close()]));
  return { net, adas, bens, ...pair };
}

/** Another device with a window, until the test ends. */
export function openWithWindow(
  t: Pick<Test, 'teardown'>,
  net: CallNet,
  options: TestClientOptions,
): { readonly client: TestClient; readonly window: TestCallWindow } {
  const window = new TestCallWindow(net);
  const client = openTestClient({ ...options, callWindow: window });
  t.teardown(() => client.close());
  return { client, window };
}

/** Waits until the call of a client is in this phase, and gives it. */
export async function callIs(
  client: TestClient,
  kind: CallView['phase']['kind'],
  test: (call: CallView) => boolean = () => true,
): Promise<CallView> {
  const { call } = await client.waitFor(`a call that is ${kind}`, ({ call: now }) => {
    return now?.phase.kind === kind && test(now);
  });
  if (call === undefined) throw new Error('no call');
  return call;
}

/** Why a call is over here. */
export async function endOf(client: TestClient): Promise<string> {
  const { phase } = await callIs(client, 'over');
  return phase.kind === 'over' ? phase.why : '';
}

type CallLine = Extract<Extract<Line, { readonly kind: 'event' }>['event'], { readonly what: 'call' }>;

/** The lines of calls in the open conversation. */
export function callLines({
  state: { open },
}: {
  readonly state: Pick<ViewState, 'open'>;
}): readonly CallLine[] {
  return (open?.lines ?? []).flatMap((line) =>
    line.kind === 'event' && line.event.what === 'call' ? [line.event] : [],
  );
}

/** Waits until so many calls have a line. */
export async function hasCallLines(client: TestClient, count: number): Promise<readonly CallLine[]> {
  await client.waitFor(
    `${count} lines of calls`,
    ({ open }) => callLines({ state: { open } }).length >= count,
  );
  return callLines(client);
}

/** Waits until a ring, and what was said after it, has left. */
export async function ringHasLeft({ client, ports }: TestClient, window: TestCallWindow): Promise<void> {
  while (!window.asked.includes('offer')) await pause();
  do {
    await pause();
    await client.background.settled();
  } while (rowsOf(ports.disk, 'outbox') > 0);
}

/** Has Ada call, and it rings at Ben's: his call. */
export async function ringBen({ ada, ben, toBen }: CallPair): Promise<CallView> {
  await ada.commands.startCall(toBen, 'audio');
  await callIs(ada, 'calling', ({ phase }) => phase.kind === 'calling' && phase.heard);
  return callIs(ben, 'ringing');
}

/** Takes the call that a client shows. */
export async function takeCall({ commands, state }: TestClient): Promise<void> {
  await commands.takeCall(shownCall(state), 'audio');
}

/** Ends the call that a client shows. */
export async function hangUp({ commands, state }: TestClient): Promise<void> {
  await commands.hangUp(shownCall(state));
}

function shownCall({ call }: ViewState): CallView['id'] {
  if (call === undefined) throw new Error('no call is shown');
  return call.id;
}

/** Has both talk: Ada calls, Ben takes it. */
export async function haveCall({ ada, ben, toBen }: CallPair): Promise<void> {
  await ada.commands.startCall(toBen, 'audio');
  await callIs(ben, 'ringing');
  await takeCall(ben);
  await callIs(ada, 'talking');
  await callIs(ben, 'talking');
}

/** Sends a frame until the other side sees one, at most a minute. */
export async function isSeen(from: TestCallWindow, to: TestCallWindow, text: string): Promise<void> {
  for (let tries = 0; !to.seen.some((frame) => frame.text === text); tries += 1) {
    if (tries > 1_000) throw new Error(`never seen: ${text}; refused for ${to.refused.join(', ')}`);
    await from.send('audio', text);
    await pause();
  }
}

function pause(): Promise<void> {
  return delay(60);
}
