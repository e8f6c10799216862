/**
 * What tabs say to each other. Any page of the origin can speak on these channels, and an older build may: the frame of each message is
 * checked here, and what is inside comes from the same build, because nobody attaches to another one.
 */
import { isRecord, parseToCore, parseToView } from '../worker-messages.ts';
import type { ToCore, ToView } from '../worker-messages.ts';

/** To all tabs. */
export type TabMessage =
  /** Who owns the account? */
  | { readonly kind: 'who' }
  /** This tab does, until its term is over. */
  | { readonly kind: 'owner'; readonly term: string; readonly build: string }
  /** A view of the same build asks to be served on its own channel; `serving` names this time of it. */
  | { readonly kind: 'attach'; readonly term: string; readonly view: string; readonly serving: string };

/** On the channel of one view, both ways. A message of another serving than the present one was meant for somebody who is gone. */
export type CallMessage =
  | { readonly serving: string; readonly kind: 'ping' }
  | { readonly serving: string; readonly kind: 'pong' }
  | { readonly serving: string; readonly kind: 'to-core'; readonly message: ToCore }
  | { readonly serving: string; readonly kind: 'to-view'; readonly message: ToView };

/** Text form of 16 random bytes. */
const ID = /^[\w-]{22}$/;
const BUILD_MAX = 200;

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/** A message to all tabs, or `undefined` for anything else. */
export function parseTabMessage(data: unknown): TabMessage | undefined {
  if (!isRecord(data)) return undefined;
  const { kind, term, view, serving, build } = data;
  if (kind === 'who') return { kind };
  if (kind === 'owner' && isId(term) && typeof build === 'string' && build.length <= BUILD_MAX) {
    return { kind, term, build };
  }
  if (kind === 'attach' && isId(term) && isId(view) && isId(serving)) return { kind, term, view, serving };
  return undefined;
}

/** A message on a view's channel, or `undefined` for anything else. */
export function parseCall(data: unknown): CallMessage | undefined {
  if (!isRecord(data)) return undefined;
  const { kind, serving, message } = data;
  if (!isId(serving)) return undefined;
  if (kind === 'ping' || kind === 'pong') return { serving, kind };
  if (kind === 'to-core') {
    const parsed = parseToCore(message);
    return parsed === undefined ? undefined : { serving, kind, message: parsed };
  }
  if (kind === 'to-view') {
    const parsed = parseToView(message);
    return parsed === undefined ? undefined : { serving, kind, message: parsed };
  }
  return undefined;
}
