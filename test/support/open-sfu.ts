/** A media server with real workers, in the process of the test. */
import type { Test } from 'tap';
import type { types } from 'mediasoup';
import { openSfu, type EmbeddedSfu, type SfuLine } from '@tacet/sfu';
import type { Clock } from '../../sfu/clock.ts';
import type { OpenTransport } from '../../sfu/transport.ts';
import { findWorker } from './media-worker.ts';

/** Transports whose other end is the test, and what goes over them. */
export class DirectMedia {
  readonly producers: types.Producer[] = [];
  readonly consumers: types.Consumer[] = [];
  /** The router of each transport, in the order of their opening. */
  readonly routers: types.Router[] = [];

  readonly open: OpenTransport = async (router) => {
    const transport = await router.createDirectTransport();
    this.routers.push(router);
    transport.observer.on('newproducer', (producer) => this.producers.push(producer));
    transport.observer.on('newconsumer', (consumer) => this.consumers.push(consumer));
    const ice = { usernameFragment: 'direct', password: 'direct', iceLite: true };
    const fingerprint = { algorithm: 'sha-256' as const, value: FINGERPRINT };
    return {
      transport,
      ice,
      candidates: [],
      dtls: { fingerprints: [fingerprint] },
      connect: async () => undefined,
      restartIce: async () => ice,
    };
  };
}

/** Of no certificate. */
export const FINGERPRINT = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join(':');

export interface OpenOptions {
  readonly workers?: number;
  readonly consumersPerWorker?: number;
  readonly clock?: Clock;
  readonly openTransport?: OpenTransport;
  readonly lines?: SfuLine[];
}

/** Opens a media server that is closed at the end of the test. */
export async function openTestSfu(t: Test, options: OpenOptions = {}): Promise<EmbeddedSfu> {
  const { workers = 1, consumersPerWorker, clock, openTransport, lines = [] } = options;
  const sfu = await openSfu({
    settings: {
      workerPath: await findWorker(),
      workers,
      listenIp: '127.0.0.1',
      port: 0,
      ...(consumersPerWorker === undefined ? {} : { consumersPerWorker }),
    },
    log: (line) => lines.push(line),
    ...(clock === undefined ? {} : { clock }),
    ...(openTransport === undefined ? {} : { openTransport }),
  });
  t.teardown(async () => sfu.close());
  return sfu;
}
