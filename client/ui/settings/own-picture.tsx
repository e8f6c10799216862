/** The own picture: chosen from the device, made small there, taken away again. */
import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { ImagePlus } from 'lucide';
import type { Me } from '../../core/door.ts';
import { announce } from '../components/announcer.tsx';
import { Avatar } from '../components/avatar.tsx';
import { Button } from '../components/button.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';
import { makePicture } from './make-picture.ts';
import css from './settings.module.css';

export function OwnPicture({ me }: { readonly me: Me }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const [unfit, setUnfit] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  /** Counts what was chosen: the last counts. */
  const turn = useRef(0);

  async function choose(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    forget();
    turn.current += 1;
    const mine = turn.current;
    const picture = await makePicture(file).catch(() => undefined);
    // Another one was chosen, or the picture taken away, while this one was made small.
    if (mine !== turn.current) return;
    setUnfit(picture === undefined);
    if (picture !== undefined && (await ask(() => commands.setPicture(picture)))) announce(text.common.saved);
  }
  async function remove(): Promise<void> {
    turn.current += 1;
    setUnfit(false);
    if (await ask(() => commands.setPicture(undefined))) announce(text.common.saved);
  }

  return (
    <>
      <div class={css.me}>
        <Avatar id={me.account} name={me.name} picture={me.picture} size={72} />
        <div>
          <p class={css.name} dir="auto">
            {me.name}
          </p>
          <p class={css.soft}>{me.username}</p>
        </div>
      </div>
      <FailureNote failure={failure} />
      {unfit && <Note kind="danger">{text.failures['picture-unfit']}</Note>}
      <div class={css.buttons}>
        <input
          ref={input}
          class="heard"
          type="file"
          accept="image/*"
          tabIndex={-1}
          aria-label={text.settings.pictureChoose}
          onChange={(event) => {
            inBackground(choose(event.currentTarget.files?.[0]));
            event.currentTarget.value = '';
          }}
        />
        <Button icon={ImagePlus} busy={busy} onClick={() => input.current?.click()}>
          {text.settings.pictureChoose}
        </Button>
        {me.picture !== undefined && (
          <Button kind="quiet" busy={busy} onClick={() => inBackground(remove())}>
            {text.settings.pictureRemove}
          </Button>
        )}
      </div>
    </>
  );
}
