/** The window's part of calls as the page holds it from its start on: what screens see, and the rest when it is needed. */
import { signal } from '@preact/signals-core';
import type { CallStage } from '../../ui/calls/stage.ts';
import type { CallsHere } from '../call-link.ts';
import { readCallObstacle } from './obstacle.ts';
import type { CallPart } from './part.ts';
import { makeSignals } from './signals.ts';

/** Makes the one of this page. */
export function openCallStage(): CallStage & CallsHere {
  const signals = makeSignals();
  const obstacle = readCallObstacle();
  let loading: Promise<CallPart> | undefined;
  let loaded: CallPart | undefined;

  async function load(): Promise<CallPart> {
    const { CallPart: Part } = await import('./part.ts');
    loaded = new Part(signals);
    return loaded;
  }

  /** Rejects where it does not come; the next one tries again. */
  function part(): Promise<CallPart> {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  return {
    ...signals,
    obstacle: signal(obstacle),
    canShareScreen: obstacle === undefined && 'getDisplayMedia' in navigator.mediaDevices,
    canCall: () => obstacle === undefined,
    serve: async (tell) => (await part()).serve(tell),
    abandon: () => loaded?.abandon(),
    async prepare(media) {
      try {
        return await (await part()).prepare(media);
      } catch {
        signals.trouble.value = { of: 'microphone', why: 'failed' };
        return false;
      }
    },
    letGo() {
      loading?.then(
        (here) => here.letGo(),
        () => undefined,
      );
    },
    setMicrophone: async (on) => (await part()).setMicrophone(on),
    setCamera: async (on) => (await part()).setCamera(on),
    setScreen: async (on) => (await part()).setScreen(on),
    choose: async (kind, id) => (await part()).choose(kind, id),
    meter() {
      let isOver = false;
      let stop: (() => void) | undefined;
      part().then(
        (here) => {
          if (!isOver) stop = here.meter();
        },
        () => undefined,
      );
      return () => {
        isOver = true;
        stop?.();
      };
    },
    play: async () => loaded?.play(),
    seeTrouble() {
      signals.trouble.value = undefined;
    },
  };
}
