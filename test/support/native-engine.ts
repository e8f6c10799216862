/** Core's engine made of the native library: core and its suites run on it unchanged. */
import * as native from '@signalapp/libsignal-client';
import type { Engine } from '@tacet/client/core/engine';

/** `@signalapp/libsignal-client` as core's engine. */
export const nativeEngine: Engine = native;
