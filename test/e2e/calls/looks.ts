/** What tests see of what is sent and shown. */
import { until, waitMs } from './side.ts';

/** Every connection that was made, to look at what it sends. */
const peers: RTCPeerConnection[] = [];
if ('RTCPeerConnection' in globalThis)
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(settings?: RTCConfiguration) {
      super(settings);
      peers.push(this);
    }
  };

/** Bytes and packets of the voice that is sent over the last connection, in some stretches of it. A packet may carry nothing. */
export async function voiceParts(): Promise<readonly { readonly bytes: number; readonly packets: number }[]> {
  const look = async (): Promise<{ readonly bytes: number; readonly packets: number } | undefined> => {
    for (const peer of peers.toReversed()) {
      const stats: ReadonlyMap<string, Record<string, unknown>> = await peer.getStats();
      for (const report of stats.values()) {
        const [bytes, packets] = [Number(report['bytesSent']), Number(report['packetsSent'])];
        // The counter of frames takes two bytes from the 256th on.
        const isVoice = report['type'] === 'outbound-rtp' && report['kind'] === 'audio' && packets > 300;
        if (isVoice) return { bytes, packets };
      }
    }
    return undefined;
  };
  const parts: { readonly bytes: number; readonly packets: number }[] = [];
  for (let i = 0; i < 8; i += 1) {
    const before = await until('a voice', look);
    await waitMs(400);
    const after = await until('a voice', look);
    parts.push({ bytes: after.bytes - before.bytes, packets: after.packets - before.packets });
  }
  return parts;
}

/** The colour of a corner of a picture: red, green, blue; once there is a picture. */
export async function colour(stream: MediaStream | undefined): Promise<readonly number[]> {
  const video = document.createElement('video');
  [video.muted, video.autoplay] = [true, true];
  video.srcObject = stream ?? null;
  document.body.append(video);
  await until('a picture', () => video.videoWidth > 0 || undefined);
  await waitMs(500);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [2, 2];
  const context = canvas.getContext('2d');
  context?.drawImage(video, 0, 0, 40, 40, 0, 0, 2, 2);
  video.remove();
  return [...(context?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
}
