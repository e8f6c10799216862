/** A microphone, camera or screen that cannot be had: what it is, and what to do. */
import type { VNode } from 'preact';
import { RotateCw } from 'lucide';
import { Button } from '../components/button.tsx';
import { Note } from '../components/note.tsx';
import { inBackground } from '../door-context.ts';
import { text } from '../text/text.ts';
import css from './device-trouble.module.css';
import { useCallStage, type CallStage, type DeviceTrouble } from './stage.ts';

/** Tries the same again. */
function tryAgain(stage: CallStage, { of }: DeviceTrouble): Promise<void> {
  stage.seeTrouble();
  switch (of) {
    case 'microphone':
      return stage.setMicrophone(true);
    case 'camera':
      return stage.setCamera(true);
    case 'screen':
      return stage.setScreen(true);
  }
}

/** `retry`: what trying again means; without, the device is switched on. `close`: it can be put aside. */
export function DeviceTroubleNote({
  trouble,
  retry,
  close = false,
}: {
  readonly trouble: DeviceTrouble;
  readonly retry?: () => void;
  readonly close?: boolean;
}): VNode {
  const stage = useCallStage();
  const words = text.calls.trouble[trouble.of][trouble.why];
  return (
    <Note kind="caution">
      <p role="alert">
        <strong class={css.title}>{words.title}</strong> {words.text}
      </p>
      <div>
        <Button
          icon={RotateCw}
          onClick={() => (retry === undefined ? inBackground(tryAgain(stage, trouble)) : retry())}
        >
          {text.common.retry}
        </Button>
        {close && <Button onClick={() => stage.seeTrouble()}>{text.common.close}</Button>}
      </div>
    </Note>
  );
}
