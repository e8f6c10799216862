/** How far an own message has come: a small mark with its word for those who cannot see it. */
import type { VNode } from 'preact';
import { Check, CheckCheck, CircleAlert, CirclePause, Clock } from 'lucide';
import type { Delivery } from '../../core/door.ts';
import { text } from '../text/text.ts';
import css from './delivery-mark.module.css';
import { Icon } from './icon.tsx';

const ICONS = {
  sending: Clock,
  held: CirclePause,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  failed: CircleAlert,
} as const;

export function DeliveryMark({ delivery }: { readonly delivery: Delivery }): VNode {
  const word = text.conversation.delivery[delivery.kind];
  return (
    <span class={css.mark} data-delivery={delivery.kind} title={word}>
      <Icon node={ICONS[delivery.kind]} size={14} />
      <span class="heard">{word}</span>
    </span>
  );
}
