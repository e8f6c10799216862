/**
 * What rooms carry: Opus, VP8 and VP9, which can be forwarded encrypted, and of the RTP header extensions those that forwarding needs.
 * Audio levels are not among them, nor clocks of capture: they would tell the media server who speaks.
 */
import type { types } from 'mediasoup';
import type { Capabilities, StreamParameters } from '@tacet/protocol/calls/media';

/** The codecs of every room. */
export const CODECS: readonly types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
  { kind: 'video', mimeType: 'video/VP9', clockRate: 90_000, parameters: { 'profile-id': 0 } },
];

/** Naming of streams and layers, and bandwidth estimation. */
const EXTENSIONS: readonly types.RtpHeaderExtensionUri[] = [
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
];

function extensionOf(uri: string): types.RtpHeaderExtensionUri | undefined {
  return EXTENSIONS.find((extension) => extension === uri);
}

/** Leaves out what is not forwarded. */
function known<Extension extends { readonly uri: string }>(extensions: readonly Extension[]) {
  return extensions.flatMap((extension) => {
    const uri = extensionOf(extension.uri);
    return uri === undefined ? [] : [{ ...extension, uri }];
  });
}

/** What a client may send into a room. */
export function offeredCapabilities(router: types.Router): Capabilities {
  const { codecs = [], headerExtensions = [] } = router.rtpCapabilities;
  const offered = { codecs, headerExtensions: known(headerExtensions) };
  return plain(offered) as Capabilities;
}

/** A client's capabilities for the engine. */
export function engineCapabilities({ codecs, headerExtensions }: Capabilities): types.RtpCapabilities {
  return { codecs, headerExtensions: known(headerExtensions) };
}

/** A client's stream for the engine. */
export function engineStream(stream: StreamParameters): types.RtpParameters {
  return { ...stream, headerExtensions: known(stream.headerExtensions) };
}

/** A stream of the engine for a client. */
export function clientStream(stream: types.RtpParameters): StreamParameters {
  const { mid, codecs, headerExtensions = [], encodings = [], rtcp = {} } = stream;
  const shown = {
    mid,
    codecs,
    headerExtensions: headerExtensions.map(({ uri, id, encrypt }) => ({ uri, id, encrypt })),
    encodings: encodings.map(({ ssrc, rid, codecPayloadType, rtx, dtx, scalabilityMode, maxBitrate }) => {
      return { ssrc, rid, codecPayloadType, rtx, dtx, scalabilityMode, maxBitrate };
    }),
    rtcp: { cname: rtcp.cname, reducedSize: rtcp.reducedSize },
  };
  return plain(shown) as StreamParameters;
}

/** Without what is undefined, which the wire does not know. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}

/** How many layers of pictures a stream has that can be left out one by one; 1 for what has none. */
export function layersOf({ encodings }: StreamParameters): number {
  if (encodings.length > 1) return encodings.length;
  return Number(/^[LS]([1-3])/.exec(encodings[0]?.scalabilityMode ?? '')?.[1] ?? 1);
}
