/** Bytes for fast-check that are hardly a request, or hardly the frames of a WebSocket. */
import fc from 'fast-check';
import { mangled } from './arbitrary.ts';
import { SOCKETS } from './wild-frames.ts';

const honestBytes = [
  'POST /v1/challenges HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n',
  'POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
  'POST /v1/sessions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  'GET /v1/server HTTP/1.1\r\nhost: x\r\n\r\nGET /metrics HTTP/1.0\r\n\r\n',
  'CONNECT example.org:443 HTTP/1.1\r\nhost: x\r\n\r\n',
  ...SOCKETS.map(
    ({ path }) =>
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x82\x85\0\0\0\0hello\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8',
  ),
].map((text) => Buffer.from(text, 'latin1'));

const random = fc.uint8Array({ maxLength: 400 });

/** Damaged requests, requests with anything behind them, anything. */
export const wildBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constantFrom(...honestBytes).chain(mangled),
  fc.tuple(fc.constantFrom(...honestBytes), random).map((parts) => Buffer.concat(parts)),
  random,
);
