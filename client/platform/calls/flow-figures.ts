/**
 * How many frames of one stream have surely been sent or decoded, from what getStats says (W3C webrtc-stats). It is held against the media
 * worker's counts, and a stream that has more is stopped: so it must never say too much, whatever waits in the worker, was lost, or was sent
 * only to measure the line.
 */
import type { Flow } from './connection.ts';

/** One report: what is used of it are numbers and names. */
export type Report = Readonly<Record<string, unknown>>;

/** Looks, a second apart, for which a picture may wait in the worker: WebRTC has counted it before. */
const LOOKS_BEHIND = 3;
/** The most that a sealed packet of a voice has, bytes: 20 ms at 40 kbit/s, and what sealing adds. Packets that carry nothing have none. */
const PACKET_BYTES = 128;
/** Samples of a packet of Opus: 20 ms at 48 kHz. */
const PACKET_SAMPLES = 960;
/** Packets by which a sound that is stretched or mended may be ahead. */
const STRETCHED = 25;

export class FlowFigures {
  readonly #side: Flow['side'];
  /** Pictures that were encoded, at the last looks, the newest last. */
  readonly #encoded: number[] = [];
  #packetBytes = PACKET_BYTES;
  #before = { bytes: 0, packets: 0 };

  constructor(side: Flow['side']) {
    this.#side = side;
  }

  read(reports: readonly Report[]): number {
    const type = this.#side === 'send' ? 'outbound-rtp' : 'inbound-rtp';
    const report = reports.find((one) => one['type'] === type);
    if (report === undefined) return 0;
    if (this.#side === 'receive')
      return report['kind'] === 'video' ? numberIn(report, 'framesDecoded') : this.#heard(report);
    const bytes = numberIn(report, 'bytesSent') - numberIn(report, 'retransmittedBytesSent');
    if (bytes <= 0) return 0;
    return Math.max(1, report['kind'] === 'video' ? this.#shown(report) : this.#carried(report, bytes));
  }

  #shown(report: Report): number {
    this.#encoded.push(numberIn(report, 'framesSent'));
    const settled = this.#encoded.length > LOOKS_BEHIND ? (this.#encoded.shift() ?? 0) : 0;
    return Math.min(settled, numberIn(report, 'packetsSent') - numberIn(report, 'retransmittedPacketsSent'));
  }

  /** What is sent as a sound comes to so many packets at least, each as long as the longest. */
  #carried(report: Report, bytes: number): number {
    const packets = numberIn(report, 'packetsSent') - numberIn(report, 'retransmittedPacketsSent');
    const mean = (bytes - this.#before.bytes) / Math.max(1, packets - this.#before.packets);
    this.#before = { bytes, packets };
    this.#packetBytes = Math.max(this.#packetBytes, Math.ceil(mean * 1.1));
    return Math.floor(bytes / this.#packetBytes);
  }

  /** What was heard, less what was made up; where packets were lost, the next ones may hold them once more (RFC 6716 section 2.1.7). */
  #heard(report: Report): number {
    const madeUp = numberIn(report, 'concealedSamples') + numberIn(report, 'insertedSamplesForDeceleration');
    const packets = (numberIn(report, 'totalSamplesReceived') - madeUp) / PACKET_SAMPLES;
    const carried = numberIn(report, 'bytesReceived') / PACKET_BYTES;
    return Math.max(0, Math.floor(Math.min(packets, carried)) - STRETCHED);
  }
}

/** A number of a report; 0 where it is absent. */
export function numberIn(report: Report, name: string): number {
  const value = report[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
