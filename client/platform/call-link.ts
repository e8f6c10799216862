/**
 * Core has the window hold a call: requests one way, each answered or refused in a limited time, and what the window tells the other way.
 * Between core and the media worker there is a port of their own; the window hands it on and hears nothing of it.
 */
import { CallWindowError, type CallWindowPort, type FromCallWindow } from '../core/calls/call-window.ts';
import type { FromMedia, ToMedia } from '../core/calls/media-messages.ts';
import {
  isOfCalls,
  type ActOptions,
  type CallAct,
  type CallQuestion,
  type CallWindowEnd,
} from './call-link-messages.ts';
import type { LinkEnd } from './window-link.ts';

/** How long the window may take for an answer, ms: a part of the page may have to be fetched first, on a slow line. */
const ANSWER_LIMIT_MS = 30_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: CallWindowError) => void;
}

/** In the worker: asks the window. */
export function openCallWindow(scope: LinkEnd): CallWindowPort {
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let hear: (told: FromCallWindow) => void = () => undefined;
  let media: MessagePort | undefined;

  function take(re: number): Waiting | undefined {
    const found = waiting.get(re);
    waiting.delete(re);
    return found;
  }

  scope.addEventListener('message', ({ data }) => {
    if (!isOfCalls(data)) return;
    if (data.kind === 'call-told') hear(data.told);
    else if (data.kind === 'call-answered') take(data.re)?.resolve(data.value);
    else if (data.kind === 'call-refused') take(data.re)?.reject(new CallWindowError(data.code));
  });

  function ask(question: CallQuestion, transfer: Transferable[] = []): Promise<unknown> {
    asked += 1;
    const re = asked;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => take(re)?.reject(new CallWindowError('late')), ANSWER_LIMIT_MS);
      waiting.set(re, {
        resolve(value) {
          clearTimeout(limit);
          resolve(value);
        },
        reject(error) {
          clearTimeout(limit);
          reject(error);
        },
      });
      scope.postMessage({ kind: 'call-ask', re, question }, transfer);
    });
  }

  async function act(doing: CallAct, transfer?: Transferable[]): Promise<void> {
    await ask(doing, transfer);
  }

  async function describe(doing: CallAct<'offer' | 'answer'>): Promise<string> {
    const description = await ask(doing);
    if (typeof description !== 'string') throw new CallWindowError('failed');
    return description;
  }

  return {
    listen(heard) {
      hear = heard;
    },
    canCall: async () => (await ask({ name: 'canCall' })) === true,
    openMedia() {
      media?.close();
      const { port1, port2 } = new MessageChannel();
      media = port1;
      port1.onmessage = ({ data }: MessageEvent<FromMedia>) => hear({ kind: 'media', message: data });
      return act({ name: 'openMedia', options: port2 }, [port2]);
    },
    tellMedia: (message: ToMedia) => media?.postMessage(message),
    openDirect: (options) => act({ name: 'openDirect', options }),
    offer: (options) => describe({ name: 'offer', options }),
    answer: (options) => describe({ name: 'answer', options }),
    takeAnswer: (options) => act({ name: 'takeAnswer', options }),
    addCandidates: (options) => act({ name: 'addCandidates', options }),
    say: (options) => act({ name: 'say', options }),
    openRelay: (options) => act({ name: 'openRelay', options }),
    answerRelay: (options) => act({ name: 'answerRelay', options }),
    receiveRelayed: (options) => act({ name: 'receiveRelayed', options }),
    endRelayed: (options) => act({ name: 'endRelayed', options }),
    restartRelay: (options) => act({ name: 'restartRelay', options }),
    release: (options) => act({ name: 'release', options }),
    stopStream: (options) => act({ name: 'stopStream', options }),
    closeConnection: (options) => act({ name: 'closeConnection', options }),
    async endCall() {
      media?.close();
      media = undefined;
      await act({ name: 'endCall', options: undefined });
    },
  };
}

/** What the window has for calls. */
export interface CallsHere {
  canCall(): boolean;
  /** Begins to do what core asks. Fetches the part of the page that can. */
  serve(tell: (told: FromCallWindow) => void): Promise<CallWindowEnd>;
  /** Ends what a core had going on that is there no more. */
  abandon(): void;
}

type Acts = { readonly [Name in keyof ActOptions]: (options: ActOptions[Name]) => Promise<unknown> };

function perform<Name extends keyof ActOptions>(
  acts: Acts,
  { name, options }: CallAct<Name>,
): Promise<unknown> {
  return acts[name](options);
}

/** In the window: does what the worker asks, in the order in which it asks. */
export function serveCallWindow(worker: LinkEnd, calls: CallsHere): void {
  let serving: Promise<CallWindowEnd> | undefined;
  calls.abandon();

  async function answer(question: CallQuestion): Promise<unknown> {
    if (question.name === 'canCall') return calls.canCall();
    serving ??= calls.serve((told) => worker.postMessage({ kind: 'call-told', told }));
    const end = await serving.catch((error: unknown) => {
      // It did not come; it may at the next question.
      serving = undefined;
      throw error;
    });
    return perform(end, question);
  }

  worker.addEventListener('message', ({ data }) => {
    if (!isOfCalls(data) || data.kind !== 'call-ask') return;
    const { re, question } = data;
    answer(question).then(
      (value) => worker.postMessage({ kind: 'call-answered', re, value }),
      (error: unknown) => {
        const code = error instanceof CallWindowError ? error.code : 'failed';
        worker.postMessage({ kind: 'call-refused', re, code });
      },
    );
  });
}
