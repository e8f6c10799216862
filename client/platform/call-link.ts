/**
 * Core has the window hold a call: requests one way, each answered or refused in a limited time, and what the window tells the other way.
 * Between core and the media worker there is a port of their own; the window hands it on and hears nothing of it.
 */
import { CallWindowError, type CallWindowPort, type FromCallWindow } from '../core/calls/call-window.ts';
import type { FromMedia, ToMedia } from '../core/calls/media-messages.ts';
import type {
  CallAnswered,
  CallAsk,
  CallAskName,
  CallRefused,
  CallTold,
  CallWindowEnd,
} from './call-link-messages.ts';
import { hasKind, type LinkEnd } from './window-link.ts';

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
    if (hasKind(data, 'call-told')) hear((data as unknown as CallTold).told);
    else if (hasKind(data, 'call-answered')) {
      const { re, value } = data as unknown as CallAnswered;
      take(re)?.resolve(value);
    } else if (hasKind(data, 'call-refused')) {
      const { re, code } = data as unknown as CallRefused;
      take(re)?.reject(new CallWindowError(code));
    }
  });

  /** What a question is answered by depends on its name; both ends come from one build. */
  function ask<Value>(name: CallAskName, options: unknown, transfer: Transferable[] = []): Promise<Value> {
    asked += 1;
    const re = asked;
    const answer = new Promise<unknown>((resolve, reject) => {
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
      scope.postMessage({ kind: 'call-ask', re, name, options }, transfer);
    });
    return answer as Promise<Value>;
  }

  return {
    listen(heard) {
      hear = heard;
    },
    canCall: () => ask('canCall', undefined),
    openMedia() {
      media?.close();
      const { port1, port2 } = new MessageChannel();
      media = port1;
      port1.onmessage = ({ data }: MessageEvent<FromMedia>) => hear({ kind: 'media', message: data });
      return ask('openMedia', port2, [port2]);
    },
    tellMedia: (message: ToMedia) => media?.postMessage(message),
    openDirect: (options) => ask('openDirect', options),
    offer: (options) => ask('offer', options),
    answer: (options) => ask('answer', options),
    takeAnswer: (options) => ask('takeAnswer', options),
    addCandidates: (options) => ask('addCandidates', options),
    say: (options) => ask('say', options),
    openRelay: (options) => ask('openRelay', options),
    answerRelay: (options) => ask('answerRelay', options),
    receiveRelayed: (options) => ask('receiveRelayed', options),
    endRelayed: (options) => ask('endRelayed', options),
    restartRelay: (options) => ask('restartRelay', options),
    release: (options) => ask('release', options),
    stopStream: (options) => ask('stopStream', options),
    closeConnection: (options) => ask('closeConnection', options),
    async endCall() {
      media?.close();
      media = undefined;
      await ask('endCall', undefined);
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

/** In the window: does what the worker asks, in the order in which it asks. */
export function serveCallWindow(worker: LinkEnd, calls: CallsHere): void {
  let serving: Promise<CallWindowEnd> | undefined;
  calls.abandon();

  async function answer({ name, options }: CallAsk): Promise<unknown> {
    if (name === 'canCall') return calls.canCall();
    serving ??= calls.serve((told) => worker.postMessage({ kind: 'call-told', told }));
    const end = await serving.catch((error: unknown) => {
      // It did not come; it may at the next question.
      serving = undefined;
      throw error;
    });
    // What the name wants is what `openCallWindow` gives with it.
    const does = end as unknown as Record<CallAskName, (options: unknown) => Promise<unknown>>;
    return does[name](options);
  }

  worker.addEventListener('message', ({ data }) => {
    if (!hasKind(data, 'call-ask')) return;
    const ask = data as unknown as CallAsk;
    answer(ask).then(
      (value) => worker.postMessage({ kind: 'call-answered', re: ask.re, value }),
      (error: unknown) => {
        const code = error instanceof CallWindowError ? error.code : 'failed';
        worker.postMessage({ kind: 'call-refused', re: ask.re, code });
      },
    );
  });
}
