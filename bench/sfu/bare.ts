/** A router that forwards, and nothing around it. */
import { createWorker } from 'mediasoup';
import type { HostOptions, Made } from './host.ts';
import { openSource, openWayOut, STREAM } from './stream.ts';

export async function openBare({ workerPath, sinkPort, consumers }: HostOptions): Promise<Made> {
  const worker = await createWorker({ workerBin: workerPath, logLevel: 'none' });
  const router = await worker.createRouter({
    mediaCodecs: [{ kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 }],
  });
  const transport = await openSource(router);
  const producer = await transport.produce({ kind: 'video', rtpParameters: STREAM });
  for (let i = 0; i < consumers; i++) {
    const way = await openWayOut(router, sinkPort);
    await way.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities });
  }
  return { workerPid: worker.pid, transport, producer };
}
