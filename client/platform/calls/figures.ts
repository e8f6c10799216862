/** What a connection has sent and received, by getStats (W3C webrtc-stats), for core's watch over the encryption and for the person. */
import type { FromCallWindow, QualityFigures, StreamFigures } from '../../core/calls/call-window.ts';
import type { Flow } from './connection.ts';
import { FlowFigures, numberIn, type Report } from './flow-figures.ts';

type Figures = Extract<FromCallWindow, { readonly kind: 'figures' }>;

/** What grows, since the connection was opened. */
interface Totals {
  readonly at: number;
  sentBytes: number;
  receivedBytes: number;
  received: number;
  lost: number;
}

export class FigureReader {
  readonly #connection: number;
  readonly #flows: readonly Flow[];
  readonly #streams = new Map<number, FlowFigures>();
  #before: Totals = { at: performance.now(), sentBytes: 0, receivedBytes: 0, received: 0, lost: 0 };

  constructor(connection: number, flows: readonly Flow[]) {
    this.#connection = connection;
    this.#flows = flows;
  }

  async read(): Promise<Figures> {
    const sent: StreamFigures[] = [];
    const received: StreamFigures[] = [];
    const now: Totals = { at: performance.now(), sentBytes: 0, receivedBytes: 0, received: 0, lost: 0 };
    const roundTrips: number[] = [];
    const lostThere: number[] = [];
    let byTurn = false;
    /** One transport carries several streams. */
    const transports = new Map<unknown, Report>();
    for (const { stream, side, of } of this.#flows) {
      const reports = [...reportsOf(await of.getStats())];
      const figures = this.#streams.get(stream) ?? new FlowFigures(side);
      this.#streams.set(stream, figures);
      (side === 'send' ? sent : received).push({ stream, frames: figures.read(reports) });
      byTurn ||= goesByTurn(reports);
      for (const report of reports) {
        if (report['type'] === 'transport') transports.set(report['id'], report);
        else if (report['type'] === 'candidate-pair' && report['nominated'] === true) {
          const seconds = numberIn(report, 'currentRoundTripTime');
          if (seconds > 0) roundTrips.push(seconds * 1_000);
        } else if (report['type'] === 'remote-inbound-rtp') lostThere.push(numberIn(report, 'fractionLost'));
        else if (report['type'] === 'inbound-rtp') {
          now.received += numberIn(report, 'packetsReceived');
          now.lost += Math.max(0, numberIn(report, 'packetsLost'));
        }
      }
    }
    for (const report of transports.values()) {
      now.sentBytes += numberIn(report, 'bytesSent');
      now.receivedBytes += numberIn(report, 'bytesReceived');
    }
    return {
      kind: 'figures',
      connection: this.#connection,
      sent,
      received,
      quality: { byTurn, ...this.#quality(now, roundTrips, lostThere) },
    };
  }

  #quality(
    now: Totals,
    roundTrips: readonly number[],
    lostThere: readonly number[],
  ): Omit<QualityFigures, 'byTurn'> {
    const before = this.#before;
    this.#before = now;
    const seconds = Math.max(0.1, (now.at - before.at) / 1_000);
    const lost = Math.max(0, now.lost - before.lost);
    const arrived = Math.max(0, now.received - before.received);
    const lostHere = lost + arrived === 0 ? 0 : lost / (lost + arrived);
    return {
      roundTripMs: roundTrips.length === 0 ? undefined : Math.max(...roundTrips),
      lost: Math.min(1, Math.max(lostHere, ...lostThere, 0)),
      sentBits: bitsPerSecond(now.sentBytes - before.sentBytes, seconds),
      receivedBits: bitsPerSecond(now.receivedBytes - before.receivedBytes, seconds),
    };
  }
}

/** Whether the pair of candidates that is used has an address of a TURN server at either end (RFC 8445 section 5.1.1). */
export function goesByTurn(reports: readonly Report[]): boolean {
  const byId = new Map(reports.map((report) => [report['id'], report]));
  const selected: readonly unknown[] = reports.flatMap(({ selectedCandidatePairId: id }) =>
    id === undefined ? [] : [id],
  );
  return reports
    .filter(({ type, nominated }) => type === 'candidate-pair' && nominated === true)
    .filter(({ id }) => selected.length === 0 || selected.includes(id))
    .some(({ localCandidateId, remoteCandidateId }) =>
      [localCandidateId, remoteCandidateId].some((id) => byId.get(id)?.['candidateType'] === 'relay'),
    );
}

function bitsPerSecond(bytes: number, seconds: number): number {
  return Math.max(0, Math.round((bytes * 8) / seconds));
}

function* reportsOf(stats: RTCStatsReport): Generator<Report> {
  // A report is a map of dictionaries, which the library's types leave open.
  for (const report of stats.values() as IterableIterator<Report>) yield report;
}
