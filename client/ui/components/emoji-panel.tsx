/** The emoji picker, fetched when it is first wanted: most starts never need it. */
import type { VNode } from 'preact';
import { useLoaded } from '../door-context.ts';
import type { EmojiPicker as Picker } from './emoji-picker.tsx';
import { FailureNote } from './note.tsx';

const load = (): Promise<{ readonly EmojiPicker: typeof Picker }> => import('./emoji-picker.tsx');

/** As `EmojiPicker`; nothing stands here for the moment of its arrival. */
export function EmojiPanel(props: {
  readonly onPick: (emoji: string) => void;
  readonly onClose: () => void;
}): VNode | null {
  const [loaded] = useLoaded(load, 'picker');
  if (loaded.kind === 'loading') return null;
  if (loaded.kind === 'failed') return <FailureNote failure={{ code: 'part-missing' }} />;
  const { EmojiPicker } = loaded.value;
  return <EmojiPicker {...props} />;
}
