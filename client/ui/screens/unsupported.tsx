/** In place of the app: a browser that cannot run it, or that keeps nothing. */
import type { ComponentChildren, VNode } from 'preact';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { Page, Stack } from '../components/page.tsx';
import { fill, text } from '../text/text.ts';
import { obstacleWords, type Obstacle } from './obstacle.ts';

/** Shown in place of the app. */
export function Unsupported({ obstacle }: { readonly obstacle: Obstacle }): VNode {
  return <Page {...obstacleWords(obstacle)}>{helpFor(obstacle)}</Page>;
}

/** What can be done about it here. */
function helpFor(obstacle: Obstacle): ComponentChildren {
  switch (obstacle.kind) {
    case 'unsupported':
      return <p>{fill(text.unsupported.missing, { feature: obstacle.missing })}</p>;
    case 'insecure':
      return undefined;
    case 'in-app':
      return (
        <Stack>
          <CopyButton kind="primary" value={location.href} label={text.unsupported.copyAddress} />
        </Stack>
      );
    case 'no-storage':
      return (
        <Button wide onClick={() => location.reload()}>
          {text.common.retry}
        </Button>
      );
  }
}
