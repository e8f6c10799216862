// What the window says of frames that were sent and decoded: never more than there were, whatever WebRTC counts besides.

import t from 'tap';
import { FlowFigures, type Report } from '../../../client/platform/calls/flow-figures.ts';

const sound: Report = { type: 'outbound-rtp', kind: 'audio' };
const picture: Report = { type: 'outbound-rtp', kind: 'video' };

t.test('packets that carry nothing are no frames of a sound', async (t) => {
  const figures = new FlowFigures('send');
  t.equal(figures.read([{ ...sound, packetsSent: 40, bytesSent: 0 }]), 0);
  const read = figures.read([{ ...sound, packetsSent: 90, bytesSent: 50 * 121 }]);
  t.ok(read > 40 && read <= 50, String(read));
});

t.test('longer packets are noticed, and what is sent again counts once', async (t) => {
  const figures = new FlowFigures('send');
  t.ok(figures.read([{ ...sound, packetsSent: 50, bytesSent: 50 * 264 }]) <= 50);
  const again = { retransmittedPacketsSent: 100, retransmittedBytesSent: 100 * 264 };
  const read = figures.read([{ ...sound, packetsSent: 200, bytesSent: 200 * 264, ...again }]);
  t.ok(read > 80 && read <= 100, String(read));
});

t.test('one frame that leaves is told of at once', async (t) => {
  t.equal(new FlowFigures('send').read([{ ...sound, packetsSent: 1, bytesSent: 60 }]), 1);
  t.equal(new FlowFigures('send').read([{ ...picture, framesSent: 1, packetsSent: 3, bytesSent: 3_000 }]), 1);
});

t.test('pictures that wait in the worker are not sent yet', async (t) => {
  const figures = new FlowFigures('send');
  for (const framesSent of [20, 40, 60, 80, 100])
    t.equal(figures.read([{ ...picture, framesSent, packetsSent: 0, bytesSent: 0 }]), 0);
  const sent = { packetsSent: 900, bytesSent: 900_000 };
  const reads = [120, 140, 160, 180, 200].map((framesSent) =>
    figures.read([{ ...picture, ...sent, framesSent }]),
  );
  t.same(reads, [1, 1, 1, 120, 140], 'three looks behind');
  t.equal(
    figures.read([{ ...picture, framesSent: 999, packetsSent: 130, bytesSent: 99_000 }]),
    130,
    'a frame has a packet',
  );
});

t.test('a sound that was mended or stretched is not heard more often than it came', async (t) => {
  const heard: Report = { type: 'inbound-rtp', kind: 'audio' };
  const samples = 1_000 * 960;
  const read = (more: Report) => new FlowFigures('receive').read([{ ...heard, ...more }]);
  const usual = read({ totalSamplesReceived: samples, bytesReceived: 1_000 * 121 });
  t.ok(usual > 900 && usual < 1_000, String(usual));
  const mended = read({ totalSamplesReceived: samples, bytesReceived: 700 * 121 });
  t.ok(mended < 700, 'of 1,000 frames 300 were lost, and restored from those that followed');
  const madeUp = { concealedSamples: 400 * 960, insertedSamplesForDeceleration: 100 * 960 };
  t.ok(read({ totalSamplesReceived: samples, bytesReceived: 900 * 121, ...madeUp }) <= 500);
  t.equal(read({ totalSamplesReceived: 960, bytesReceived: 121 }), 0);
});

t.test('of a stream that is not there nothing is said', async (t) => {
  t.equal(new FlowFigures('send').read([{ type: 'transport', bytesSent: 9 }]), 0);
  const decoded = { type: 'inbound-rtp', kind: 'video', framesDecoded: 7 };
  t.equal(new FlowFigures('receive').read([decoded]), 7);
});
