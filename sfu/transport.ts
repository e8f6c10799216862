/** A participant's transport: in the rooms that people use it is WebRTC's, over the worker's one port. */
import type { types } from 'mediasoup';
import type { DtlsParameters, IceCandidate, IceParameters } from '@tacet/protocol/calls/media';
import { LIMITS } from '@tacet/protocol/limits';
import { plain } from './codecs.ts';

/** One transport, with what a client needs to reach it. */
export interface MediaTransport {
  readonly transport: types.Transport;
  readonly ice: IceParameters;
  readonly candidates: IceCandidate[];
  readonly dtls: DtlsParameters;
  connect(dtls: DtlsParameters): Promise<void>;
  restartIce(): Promise<IceParameters>;
}

/** Opens a transport of a router over its worker's port. */
export type OpenTransport = (router: types.Router, server: types.WebRtcServer) => Promise<MediaTransport>;

/** Where the estimate of a receiver's bandwidth begins, in bit/s: a small picture at once. */
const OUTGOING_BITRATE = 600_000;

/** The transport of a browser. It is closed when the browser ends its side, by DTLS or by silence. */
export const openWebRtcTransport: OpenTransport = async (router, webRtcServer) => {
  const transport = await router.createWebRtcTransport({
    webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    initialAvailableOutgoingBitrate: OUTGOING_BITRATE,
  });
  transport.on('dtlsstatechange', (state) => {
    if (state === 'closed' || state === 'failed') transport.close();
  });
  await transport.setMaxIncomingBitrate(LIMITS.callIncomingBitrate);
  return {
    transport,
    ice: iceOf(transport.iceParameters),
    candidates: transport.iceCandidates.map(candidateOf),
    dtls: plain(transport.dtlsParameters) as DtlsParameters,
    connect: async (dtls) => transport.connect({ dtlsParameters: dtls }),
    restartIce: async () => iceOf(await transport.restartIce()),
  };
};

function iceOf({ usernameFragment, password, iceLite = true }: types.IceParameters): IceParameters {
  return { usernameFragment, password, iceLite };
}

function candidateOf({ foundation, priority, address, port, protocol, tcpType }: types.IceCandidate) {
  const common = { foundation, priority, address, port, protocol, type: 'host' as const };
  return tcpType === undefined ? common : { ...common, tcpType };
}
