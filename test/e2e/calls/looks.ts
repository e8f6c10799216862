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

    override addTransceiver(of: MediaStreamTrack | string, init?: RTCRtpTransceiverInit): RTCRtpTransceiver {
      if (of instanceof MediaStreamTrack) given.add(of);
      return super.addTransceiver(of, init);
    }
  };

/** Tracks that a device gave, and all that a sender was ever given. */
const ofDevices = new Set<MediaStreamTrack>();
const given = new Set<MediaStreamTrack>();
if ('mediaDevices' in navigator) {
  const opens = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await opens(wanted);
    for (const track of stream.getTracks()) ofDevices.add(track);
    return stream;
  };
}
if ('RTCRtpSender' in globalThis) {
  const replaces = Reflect.get(RTCRtpSender.prototype, 'replaceTrack');
  RTCRtpSender.prototype.replaceTrack = function replaceTrack(track): Promise<void> {
    if (track !== null) given.add(track);
    return replaces.call(this, track);
  };
}

/** Microphones that are open now, the one that was opened last at the end. */
export function openMicrophones(): readonly MediaStreamTrack[] {
  return [...ofDevices].filter(({ kind, readyState }) => kind === 'audio' && readyState === 'live');
}

/** Of what kinds the tracks of devices are that senders were given until now. */
export function devicesGiven(): readonly string[] {
  return [...given]
    .filter((track) => ofDevices.has(track))
    .map(({ kind }) => kind)
    .toSorted();
}

/** Packets of one kind that this page's connections have sent. */
export async function packetsSent(kind: 'audio' | 'video'): Promise<number> {
  let packets = 0;
  for (const peer of peers) {
    const stats: ReadonlyMap<string, Record<string, unknown>> = await peer.getStats();
    for (const report of stats.values())
      if (report['type'] === 'outbound-rtp' && report['kind'] === kind)
        packets += Number(report['packetsSent']);
  }
  return packets;
}

interface Sent {
  readonly bytes: number;
  readonly packets: number;
}

/** What a connection has sent of a voice. */
async function voiceOf(peer: RTCPeerConnection): Promise<Sent> {
  const stats: ReadonlyMap<string, Record<string, unknown>> = await peer.getStats();
  for (const report of stats.values())
    if (report['type'] === 'outbound-rtp' && report['kind'] === 'audio' && Number(report['bytesSent']) > 0)
      return { bytes: Number(report['bytesSent']), packets: Number(report['packetsSent']) };
  return { bytes: 0, packets: 0 };
}

/** Of the newest connection that sends a voice: bytes and packets of some stretches of it. A packet may carry nothing. */
export async function voiceParts(): Promise<readonly Sent[]> {
  const peer = await until('a voice', async () => {
    for (const one of peers.toReversed()) if ((await voiceOf(one)).packets > 0) return one;
    return undefined;
  });
  // The counter of frames takes two bytes from the 256th on.
  await until('300 packets', async () => (await voiceOf(peer)).packets > 300 || undefined);
  const parts: Sent[] = [];
  for (let i = 0; i < 8; i += 1) {
    const before = await voiceOf(peer);
    await waitMs(400);
    const after = await voiceOf(peer);
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
