/** In place of the app: a browser that cannot run it, or that keeps nothing. */
import type { VNode } from 'preact';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { Page, Stack } from '../components/page.tsx';
import { fill, text } from '../text/text.ts';

/** What the browser lacks, as the platform found it before anything started. */
export type Obstacle =
  | { readonly kind: 'unsupported'; readonly missing: string }
  | { readonly kind: 'insecure' }
  /** Inside another app; what it stores is soon gone. */
  | { readonly kind: 'in-app' }
  | { readonly kind: 'no-storage' };

/** Shown in place of the app. */
export function Unsupported({ obstacle }: { readonly obstacle: Obstacle }): VNode {
  switch (obstacle.kind) {
    case 'unsupported':
      return (
        <Page title={text.unsupported.title} lead={text.unsupported.text}>
          <p>{fill(text.unsupported.missing, { feature: obstacle.missing })}</p>
        </Page>
      );
    case 'insecure':
      return <Page title={text.unsupported.insecureTitle} lead={text.unsupported.insecureText} />;
    case 'in-app':
      return (
        <Page title={text.unsupported.inAppTitle} lead={text.unsupported.inAppText}>
          <Stack>
            <CopyButton kind="primary" value={location.href} label={text.unsupported.copyAddress} />
          </Stack>
        </Page>
      );
    case 'no-storage':
      return (
        <Page title={text.unsupported.noStorageTitle} lead={text.unsupported.noStorageText}>
          <Button wide onClick={() => location.reload()}>
            {text.common.retry}
          </Button>
        </Page>
      );
  }
}
