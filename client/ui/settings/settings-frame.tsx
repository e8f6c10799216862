/** The frame of a page of the settings, its sections, and the way from the first page to the others. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { KeyRound, Link, MonitorSmartphone } from 'lucide';
import { ButtonLink } from '../components/button.tsx';
import { ConnectionStrip } from '../components/connection-strip.tsx';
import { PaneHeader } from '../components/pane-header.tsx';
import { linkTo } from '../router.ts';
import { text } from '../text/text.ts';
import css from './settings.module.css';

export function SettingsFrame({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <PaneHeader back={{ kind: 'settings' }}>
        <h1 ref={heading} tabIndex={-1} class={css.title}>
          {title}
        </h1>
      </PaneHeader>
      <ConnectionStrip in="pane" />
      <div class={css.scroll}>
        <div class={css.column}>{children}</div>
      </div>
    </>
  );
}

/** A part of a page under a heading of its own. */
export function Section({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}): VNode {
  const id = useId();
  return (
    <section class={css.section} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** Links to the pages about devices, account and invites. */
export function GoverningLinks(): VNode {
  return (
    <>
      <div>
        <ButtonLink icon={MonitorSmartphone} {...linkTo({ kind: 'settings', page: 'devices' })}>
          {text.devices.title}
        </ButtonLink>
      </div>
      <div>
        <ButtonLink icon={KeyRound} {...linkTo({ kind: 'settings', page: 'account' })}>
          {text.account.title}
        </ButtonLink>
      </div>
      <div>
        <ButtonLink icon={Link} {...linkTo({ kind: 'settings', page: 'invites' })}>
          {text.ownInvites.title}
        </ButtonLink>
      </div>
    </>
  );
}
