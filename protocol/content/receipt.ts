/** Receipts name messages of their recipient. Delivery receipts are always on between accepted people; read receipts can be switched off. */
import { Array as List, Object as Shape, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { CLOSED, Id } from '../shapes.ts';

/** Messages in one receipt. */
export const RECEIPT_MAX = 256;

const Messages = Shape({ messages: List(Id(Bytes), { minItems: 1, maxItems: RECEIPT_MAX }) }, CLOSED);

export const Delivered = Messages;
export type Delivered = Static<typeof Delivered>;
export const Read = Messages;
export type Read = Static<typeof Read>;
