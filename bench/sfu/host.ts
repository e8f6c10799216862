/**
 * One media server in a process of its own, with one stream from the benchmark and many that leave for it: Tacet's rooms, or a bare router.
 * Arguments: which of both, the path of the worker, the port of the benchmark, how many get the stream. It says over its channel to the
 * benchmark where the stream is to be sent to, and whenever it is asked how much of it has come.
 */
import type { types } from 'mediasoup';
import { openBare } from './bare.ts';
import { openRooms } from './rooms.ts';

/** What a host has made. */
export interface Made {
  readonly workerPid: number;
  /** Where the stream is sent to. */
  readonly transport: types.PlainTransport;
  readonly producer: types.Producer;
}

export interface HostOptions {
  readonly workerPath: string;
  readonly sinkPort: number;
  readonly consumers: number;
}

/** What it says at first. */
export interface Place {
  readonly port: number;
  readonly workerPid: number;
}

const [kind, workerPath = '', sinkPort, consumers] = process.argv.slice(2);
const options: HostOptions = {
  workerPath,
  sinkPort: Number(sinkPort),
  consumers: Number(consumers),
};
const { workerPid, transport, producer } = await (kind === 'bare' ? openBare(options) : openRooms(options));
const place: Place = { port: transport.tuple.localPort, workerPid };
process.send?.(place);
process.on('message', () => {
  producer.getStats().then(
    (stats) => process.send?.(stats.reduce((sum, { packetCount }) => sum + packetCount, 0)),
    () => process.exit(1),
  );
});
process.on('disconnect', () => process.exit(0));
