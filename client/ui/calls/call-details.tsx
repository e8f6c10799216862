/** Two panels of a call: what is known of its connection, and the code that both people may read to each other. */
import type { ComponentChildren, VNode } from 'preact';
import type { CallView } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { formatBitRate, formatMilliseconds, formatShare } from '../text/measures.ts';
import { fill, formatNumber, text } from '../text/text.ts';
import css from './call-details.module.css';

export function StatsDialog({
  call: { quality, way },
  onClose,
}: {
  readonly call: CallView;
  readonly onClose: () => void;
}): VNode {
  const words = text.calls.stats;
  const shownWay = way === 'direct' ? directWay(quality) : way;
  return (
    <Dialog title={words.title} onClose={onClose}>
      <dl class={css.figures}>
        {quality !== undefined && <Figure name={words.quality}>{text.calls.quality[quality.level]}</Figure>}
        {shownWay !== undefined && <Figure name={words.way}>{words.ways[shownWay]}</Figure>}
        {quality?.roundTripMs !== undefined && (
          <Figure name={words.roundTrip}>{formatMilliseconds(quality.roundTripMs)}</Figure>
        )}
        {quality !== undefined && (
          <>
            <Figure name={words.lost}>{formatShare(quality.lost)}</Figure>
            <Figure name={words.sent}>{formatBitRate(quality.sentBits)}</Figure>
            <Figure name={words.received}>{formatBitRate(quality.receivedBits)}</Figure>
            <Figure name={words.sealed}>{formatNumber(quality.sealed)}</Figure>
            <Figure name={words.opened}>{formatNumber(quality.opened)}</Figure>
            <Figure name={words.refused}>{formatNumber(quality.refused)}</Figure>
          </>
        )}
      </dl>
      <p class={css.hint}>{quality === undefined ? words.none : words.refusedHint}</p>
    </Dialog>
  );
}

/** Unknown until there are figures. */
function directWay(quality: CallView['quality']): 'direct' | 'turn' | undefined {
  return quality && (quality.byTurn ? 'turn' : 'direct');
}

function Figure({ name, children }: { readonly name: string; readonly children: ComponentChildren }): VNode {
  return (
    <div class={css.figure}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function CodeDialog({
  code,
  name,
  onClose,
}: {
  readonly code: string | undefined;
  readonly name: string;
  readonly onClose: () => void;
}): VNode {
  const words = text.calls.code;
  return (
    <Dialog title={words.title} onClose={onClose}>
      {code === undefined ? (
        <p>{fill(words.none, { name })}</p>
      ) : (
        <>
          {/* Digits are read one by one, and from left to right everywhere. */}
          <p
            class={css.code}
            dir="ltr"
            role="img"
            aria-label={fill(words.digits, { digits: code.split('').join(' ') })}
          >
            <span>{code.slice(0, 3)}</span> <span>{code.slice(3)}</span>
          </p>
          <p>{fill(words.lead, { name })}</p>
          <p class={css.hint}>{words.limits}</p>
        </>
      )}
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          {text.common.close}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
