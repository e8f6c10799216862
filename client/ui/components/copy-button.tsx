/** Copies a text and says so for a moment. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Check, Copy } from 'lucide';
import { text } from '../text/text.ts';
import { announce } from './announcer.tsx';
import { Button } from './button.tsx';

/** How long "Copied" stands. */
const SHOWN_MS = 2_000;

export function CopyButton({
  value,
  label = text.common.copy,
  kind = 'plain',
  onCopied,
}: {
  readonly value: string;
  readonly label?: string;
  readonly kind?: 'plain' | 'primary' | 'quiet';
  readonly onCopied?: () => void;
}): VNode {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      kind={kind}
      icon={copied ? Check : Copy}
      onClick={() => {
        navigator.clipboard.writeText(value).then(
          () => {
            setCopied(true);
            announce(text.common.copied);
            onCopied?.();
          },
          () => setCopied(false),
        );
      }}
    >
      {copied ? text.common.copied : label}
    </Button>
  );
}
