/**
 * What a media server holds in its hands: the packets of a stream as they pass through mediasoup in this process, put together to frames of
 * VP8 (RFC 7741). A hostile operator has as much.
 */
import { observer, type types } from 'mediasoup';

/** Routers and producers of every worker that this process starts from now on. */
export interface Tapped {
  readonly producers: readonly { readonly producer: types.Producer; readonly router: types.Router }[];
  stop(): void;
}

/** Begins to look over the shoulder of the media server of this process. */
export function tapMediaServer(): Tapped {
  const producers: { readonly producer: types.Producer; readonly router: types.Router }[] = [];
  const look = (worker: types.Worker): void => {
    worker.observer.on('newrouter', (router) => {
      router.observer.on('newtransport', (transport) => {
        transport.observer.on('newproducer', (producer) => producers.push({ producer, router }));
      });
    });
  };
  observer.on('newworker', look);
  return { producers, stop: () => observer.off('newworker', look) };
}

/** The whole frames of VP8 that a producer sends until there are so many, a key frame first. */
export async function captureFrames(
  { producer, router }: Tapped['producers'][number],
  most: number,
): Promise<readonly Uint8Array[]> {
  const transport = await router.createDirectTransport();
  const consumer = await transport.consume({
    producerId: producer.id,
    rtpCapabilities: router.rtpCapabilities,
  });
  const type = consumer.rtpParameters.codecs.find(({ mimeType }) => /vp8$/i.test(mimeType))?.payloadType;
  const frames: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let sequence: number | undefined;
  await new Promise<void>((resolve) => {
    consumer.on('rtp', (packet) => {
      const read = readPacket(packet);
      if (read === undefined || read.type !== type) return;
      const follows = sequence !== undefined && read.sequence === ((sequence + 1) & 0xffff);
      sequence = read.sequence;
      if (read.begins) parts = [];
      else if (!follows || parts.length === 0) {
        parts = [];
        return;
      }
      parts.push(read.payload);
      if (!read.ends) return;
      const frame = Buffer.concat(parts);
      parts = [];
      if (frames.length === 0 && !isKeyFrame(frame)) return;
      frames.push(new Uint8Array(frame));
      if (frames.length >= most) resolve();
    });
    consumer.requestKeyFrame().catch(() => undefined);
  });
  transport.close();
  return frames;
}

/** The inverse key frame bit of the frame tag (RFC 6386 section 9.1). */
export function isKeyFrame(frame: Uint8Array): boolean {
  return ((frame[0] ?? 1) & 1) === 0;
}

interface Packet {
  readonly type: number;
  readonly sequence: number;
  /** Of a frame: its first packet, its last one. */
  readonly begins: boolean;
  readonly ends: boolean;
  readonly payload: Uint8Array;
}

/** RFC 3550 section 5.1 and RFC 7741 section 4.2; `undefined`: only padding. */
function readPacket(packet: Buffer): Packet | undefined {
  const first = packet.readUInt8(0);
  let at = 12 + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) at += 4 + 4 * packet.readUInt16BE(at + 2);
  const end = packet.length - ((first & 0x20) === 0 ? 0 : packet.readUInt8(packet.length - 1));
  if (at >= end) return undefined;
  const descriptor = packet.readUInt8(at);
  at += 1;
  if ((descriptor & 0x80) !== 0) {
    const has = packet.readUInt8(at);
    at += 1;
    if ((has & 0x80) !== 0) at += (packet.readUInt8(at) & 0x80) === 0 ? 1 : 2;
    if ((has & 0x40) !== 0) at += 1;
    if ((has & 0x30) !== 0) at += 1;
  }
  const second = packet.readUInt8(1);
  return {
    type: second & 0x7f,
    sequence: packet.readUInt16BE(2),
    begins: (descriptor & 0x17) === 0x10,
    ends: (second & 0x80) !== 0,
    payload: Uint8Array.from(packet.subarray(at, end)),
  };
}
