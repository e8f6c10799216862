/** The one stream of the benchmark, and the transports that it comes and goes over: the same for both hosts. */
import type { types } from 'mediasoup';

/** The least that a camera's stream is: no simulcast, no retransmission. */
export const STREAM = {
  codecs: [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000 }],
  headerExtensions: [],
  encodings: [{ ssrc: 77 }],
  rtcp: { cname: 'bench' },
};

const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const;

/** Where the stream comes in, in clear: its cost is the same for all who get it. */
export async function openSource(router: types.Router): Promise<types.PlainTransport> {
  return router.createPlainTransport({ listenInfo, comedia: true, rtcpMux: true });
}

/** Where it leaves for one of those who get it, encrypted as browsers ask for. */
export async function openWayOut(router: types.Router, port: number): Promise<types.PlainTransport> {
  const transport = await router.createPlainTransport({
    listenInfo,
    rtcpMux: true,
    enableSrtp: true,
    srtpCryptoSuite: 'AEAD_AES_256_GCM',
  });
  const { srtpParameters } = transport;
  await transport.connect({
    ip: '127.0.0.1',
    port,
    ...(srtpParameters === undefined ? {} : { srtpParameters }),
  });
  return transport;
}
