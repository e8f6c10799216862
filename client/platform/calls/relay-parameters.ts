/**
 * Media parameters between mediasoup-client and the wire: what is offered here alone, and of it what the wire knows. The voice is asked for at a
 * constant bitrate (RFC 7587 section 6.1).
 */
import type { Capabilities, DtlsParameters, StreamParameters } from '@tacet/protocol/calls/media';
import type { types } from 'mediasoup-client';
import { isOffered, isSpokenExtension } from './lines.ts';

/** What the media server can, as far as it is offered here. */
export function capabilitiesFrom({ codecs, headerExtensions }: Capabilities): types.RtpCapabilities {
  return {
    codecs: codecs
      .filter(({ kind, mimeType }) => isOffered(kind, mimeType))
      .map((codec) =>
        codec.kind === 'audio' ? { ...codec, parameters: { ...codec.parameters, cbr: 1, usedtx: 0 } } : codec,
      ),
    headerExtensions: headerExtensions.flatMap(({ uri, ...rest }) =>
      isSpokenExtension(uri) ? [{ ...rest, uri }] : [],
    ),
  };
}

/** What this browser can receive. */
export function capabilitiesTo({ codecs = [], headerExtensions = [] }: types.RtpCapabilities): Capabilities {
  return {
    codecs: codecs.map(
      ({ kind, mimeType, preferredPayloadType, clockRate, channels, parameters, rtcpFeedback }) => ({
        kind,
        mimeType,
        preferredPayloadType,
        clockRate,
        ...given({ channels, parameters: plain(parameters), rtcpFeedback: feedback(rtcpFeedback) }),
      }),
    ),
    headerExtensions: headerExtensions.map(({ kind, uri, preferredId, preferredEncrypt, direction }) => ({
      kind,
      uri,
      preferredId,
      ...given({ preferredEncrypt, direction }),
    })),
  };
}

/** How a stream is sent. */
export function streamTo({
  mid,
  codecs,
  headerExtensions = [],
  encodings = [],
  rtcp,
}: types.RtpParameters): StreamParameters {
  return {
    ...given({ mid }),
    codecs: codecs.map(({ mimeType, payloadType, clockRate, channels, parameters, rtcpFeedback }) => ({
      mimeType,
      payloadType,
      clockRate,
      ...given({ channels, parameters: plain(parameters), rtcpFeedback: feedback(rtcpFeedback) }),
    })),
    headerExtensions: headerExtensions.map(({ uri, id, encrypt }) => ({ uri, id, ...given({ encrypt }) })),
    encodings: encodings.map(({ ssrc, rid, codecPayloadType, rtx, dtx, scalabilityMode, maxBitrate }) =>
      given({ ssrc, rid, codecPayloadType, rtx, dtx, scalabilityMode, maxBitrate }),
    ),
    rtcp: given({ cname: rtcp?.cname, reducedSize: rtcp?.reducedSize }),
  };
}

/** How a stream is received. */
export function streamFrom({ headerExtensions, ...stream }: StreamParameters): types.RtpParameters {
  return {
    ...stream,
    headerExtensions: headerExtensions.flatMap(({ uri, ...rest }) =>
      isSpokenExtension(uri) ? [{ ...rest, uri }] : [],
    ),
  };
}

export function dtlsTo({ role, fingerprints }: types.DtlsParameters): DtlsParameters {
  return {
    ...given({ role }),
    fingerprints: fingerprints.map(({ algorithm, value }) => ({ algorithm, value })),
  };
}

type Given<Value> = { [Name in keyof Value]?: Exclude<Value[Name], undefined> };

/** Without what is absent: the wire knows no `undefined`. */
function given<Value extends object>(value: Value): Given<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Given<Value>;
}

/** A codec's parameters that are numbers or short words. */
function plain(parameters: Record<string, unknown> | undefined): Record<string, number | string> | undefined {
  if (parameters === undefined) return undefined;
  const kept: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(parameters))
    if (typeof value === 'string' || Number.isInteger(value)) kept[name] = value as number | string;
  return kept;
}

function feedback(
  told: types.RtcpFeedback[] | undefined,
): { type: string; parameter?: string }[] | undefined {
  return told?.map(({ type, parameter }) => ({ type, ...given({ parameter }) }));
}
