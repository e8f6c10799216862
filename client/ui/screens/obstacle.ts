/** What keeps the app from running here, in words: part of every start, because whoever meets it may not get anything else. */
import { text } from '../text/text.ts';

/** What the browser lacks, as the platform found it before anything started. */
export type Obstacle =
  | { readonly kind: 'unsupported'; readonly missing: string }
  | { readonly kind: 'insecure' }
  /** Inside another app; what it stores is soon gone. */
  | { readonly kind: 'in-app' }
  | { readonly kind: 'no-storage' };

/** A title and what to do. */
export function obstacleWords({ kind }: Obstacle): { readonly title: string; readonly lead: string } {
  const words = text.unsupported;
  switch (kind) {
    case 'unsupported':
      return { title: words.title, lead: words.text };
    case 'insecure':
      return { title: words.insecureTitle, lead: words.insecureText };
    case 'in-app':
      return { title: words.inAppTitle, lead: words.inAppText };
    case 'no-storage':
      return { title: words.noStorageTitle, lead: words.noStorageText };
  }
}
