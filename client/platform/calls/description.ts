/**
 * The other side's description (RFC 8866) before it is taken: held to the form that both sides use, and without what would tell an observer of
 * the encrypted packets what is said. What a browser sends is what the other's description asks for, so that this binds this side.
 */
import { CallWindowError } from '../../core/calls/call-window.ts';
import { FIRST_KILOBITS, isSpokenExtension, KIND_OF, PURPOSES } from './lines.ts';

const SECTIONS: readonly string[] = [...PURPOSES.map((purpose) => KIND_OF[purpose]), 'application'];

/** Every frame of a voice as long as any other (RFC 7587 section 6.1, `cbr`), and no gaps where it is silent. */
function atConstantBitrate(parameters: string): string {
  const kept = parameters
    .split(';')
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter !== '' && !/^(?:cbr|usedtx)=/.test(parameter));
  return [...kept, 'cbr=1'].join(';');
}

/** The parameters by which this side sends, for what the other side says of a codec. */
const PARAMETERS: { readonly [Codec in string]?: (said: string) => string } = {
  opus: atConstantBitrate,
  // libwebrtc's own parameter: others pass it over.
  vp8: () => `x-google-start-bitrate=${FIRST_KILOBITS}`,
};

/** A description fit to be taken. Throws `CallWindowError` `failed` where it has other sections than the four streams and the channel. */
export function tameDescription(sdp: string): string {
  const lines = sdp.split(/\r?\n/).filter((line) => line !== '');
  const sections = lines.filter((line) => line.startsWith('m=')).map((line) => /^m=(\w*)/.exec(line)?.[1]);
  if (sections.length !== SECTIONS.length || sections.some((section, i) => section !== SECTIONS[i]))
    throw new CallWindowError('failed');
  const told = new Set(lines.flatMap((line) => /^a=fmtp:(\d+) /.exec(line)?.[1] ?? []));
  const codecs = new Map(
    lines.flatMap((line): [string, string][] => {
      const [, type, codec] = /^a=rtpmap:(\d+) ([^/]+)\//.exec(line) ?? [];
      return type === undefined || codec === undefined ? [] : [[type, codec.toLowerCase()]];
    }),
  );
  const tamed = lines.flatMap((line) => {
    const extension = /^a=extmap:\S+ (\S+)/.exec(line)?.[1];
    if (extension !== undefined && !isSpokenExtension(extension)) return [];
    const [, isMapped, type = '', parameters = ''] = /^a=(?:(rtpmap)|fmtp):(\d+) (.*)$/.exec(line) ?? [];
    const parametersOf = PARAMETERS[codecs.get(type) ?? ''];
    if (parametersOf === undefined) return [line];
    if (isMapped === undefined) return [`a=fmtp:${type} ${parametersOf(parameters)}`];
    return told.has(type) ? [line] : [line, `a=fmtp:${type} ${parametersOf('')}`];
  });
  return `${tamed.join('\r\n')}\r\n`;
}
