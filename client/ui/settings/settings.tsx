/** What a person can set, on one page: name, appearance, what this browser keeps, signing out, and what this is. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { NAME_MAX, nameProblem } from '../account-rules.ts';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { ConnectionStrip } from '../components/connection-strip.tsx';
import { TextField } from '../components/field.tsx';
import { FailureNote } from '../components/note.tsx';
import { Form } from '../components/page.tsx';
import { PaneHeader } from '../components/pane-header.tsx';
import { Segmented } from '../components/segmented.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { chosenLanguage, keepLanguage, LANGUAGES } from '../text/language.ts';
import { text } from '../text/text.ts';
import { theme, THEMES } from '../theme.ts';
import { OwnPicture } from './own-picture.tsx';
import { About } from './about.tsx';
import { DefaultTimer } from './default-timer.tsx';
import { Notices } from './notices.tsx';
import { Privacy } from './privacy.tsx';
import { GoverningLinks, Section } from './settings-frame.tsx';
import { Keyboard } from './keyboard.tsx';
import { Storage } from './storage.tsx';
import css from './settings.module.css';
import { SignOut } from './sign-out.tsx';

export function Settings(): VNode {
  const [leaving, setLeaving] = useState(false);
  const session = useDoor().state.session.value;
  const me = session.kind === 'signed-in' ? session.me : undefined;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <PaneHeader back>
        <h1 ref={heading} tabIndex={-1} class={css.title}>
          {text.settings.title}
        </h1>
      </PaneHeader>
      <ConnectionStrip in="pane" />
      <div class={css.scroll}>
        <div class={css.column}>
          <Section title={text.settings.profile}>
            <Profile />
          </Section>
          <Section title={text.settings.appearance}>
            <h3>{text.settings.theme}</h3>
            <Segmented
              label={text.settings.theme}
              options={THEMES.map((value) => ({ value, label: text.settings.themes[value] }))}
              value={theme.value}
              onChange={(value) => {
                theme.value = value;
              }}
            />
            <h3>{text.settings.language}</h3>
            <Segmented
              label={text.settings.language}
              options={LANGUAGES.map((value) => ({ value, label: text.settings.languages[value] }))}
              value={chosenLanguage()}
              onChange={(value) => {
                keepLanguage(value);
                location.reload();
              }}
            />
          </Section>
          <Section title={text.settings.governing}>
            <GoverningLinks />
          </Section>
          {me !== undefined && (
            <>
              <Section title={text.privacy.title}>
                <Privacy me={me} />
              </Section>
              <Section title={text.timer.title}>
                <DefaultTimer me={me} />
              </Section>
            </>
          )}
          <Section title={text.noticeLevels.title}>
            <Notices />
          </Section>
          <Section title={text.keys.title}>
            <Keyboard />
          </Section>
          <Section title={text.settings.storage}>
            <Storage />
          </Section>
          <Section title={text.settings.signOut}>
            <p>{text.settings.signOutText}</p>
            <div>
              <Button onClick={() => setLeaving(true)}>{text.settings.signOut}</Button>
            </div>
          </Section>
          <Section title={text.settings.about}>
            <About />
          </Section>
        </div>
      </div>
      {leaving && <SignOut onClose={() => setLeaving(false)} />}
    </>
  );
}

function Profile(): VNode | null {
  const { commands, state } = useDoor();
  const { busy, failure, ask, forget } = useAsking();
  const session = state.session.value;
  const me = session.kind === 'signed-in' ? session.me : undefined;
  const [name, setName] = useState(me?.name ?? '');
  if (me === undefined) return null;
  const problem = nameProblem(name);
  const changed = name.trim() !== me.name;

  async function save(): Promise<void> {
    if (problem !== undefined || !changed) return;
    if (await ask(() => commands.setName(name.trim()))) announce(text.common.saved);
  }

  return (
    <>
      <OwnPicture me={me} />
      <Form onSubmit={() => inBackground(save())}>
        <FailureNote failure={failure} />
        <TextField
          label={text.settings.name}
          hint={text.settings.nameHint}
          error={problem}
          name="name"
          autocomplete="name"
          maxLength={NAME_MAX}
          value={name}
          onInput={(value) => {
            setName(value);
            forget();
          }}
        />
        {changed && problem === undefined && (
          <div>
            <Button kind="primary" type="submit" busy={busy}>
              {text.common.save}
            </Button>
          </div>
        )}
      </Form>
    </>
  );
}
