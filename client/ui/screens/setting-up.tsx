/** Long work in steps: which are done, which runs, which are to come. */
import type { VNode } from 'preact';
import { Check } from 'lucide';
import type { Progress } from '../../core/door.ts';
import { Icon } from '../components/icon.tsx';
import { Page } from '../components/page.tsx';
import { place } from '../router.ts';
import { text } from '../text/text.ts';
import css from './setting-up.module.css';

type Step = Progress['kind'];

const SIGN_UP: readonly Step[] = ['stretching', 'making-keys', 'registering', 'connecting'];
const SIGN_IN: readonly Step[] = ['stretching', 'opening-vault', 'making-keys', 'registering', 'connecting'];

export function SettingUp({ progress }: { readonly progress: Progress }): VNode {
  const signingIn = place.value.kind === 'sign-in';
  const steps = signingIn ? SIGN_IN : SIGN_UP;
  const at = steps.indexOf(progress.kind);
  return (
    <Page title={signingIn ? text.progress.signInTitle : text.progress.title} lead={text.progress.hint}>
      <ol class={css.steps} aria-live="polite">
        {steps.map((step, i) => {
          const state = i < at ? 'done' : i === at ? 'now' : 'later';
          return (
            <li
              key={step}
              class={css.step}
              data-state={state}
              aria-current={state === 'now' ? 'step' : undefined}
            >
              <span class={css.sign}>{state === 'done' && <Icon node={Check} size={14} />}</span>
              <span>{text.progress[step]}</span>
              <span class="heard">{text.progress[state]}</span>
            </li>
          );
        })}
      </ol>
    </Page>
  );
}
