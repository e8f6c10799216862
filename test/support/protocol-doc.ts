/** What PROTOCOL.md must show, made from the wire's own definitions, and how the document is taken apart. */
import type { TSchema } from 'typebox';
import { Bytes } from '@tacet/protocol/bytes';
import { CallAnswer, CallEvent, OtherParticipant } from '@tacet/protocol/calls/answers';
import {
  Capabilities,
  DtlsParameters,
  IceCandidate,
  IceParameters,
  StreamParameters,
} from '@tacet/protocol/calls/media';
import { CALL_REQUESTS } from '@tacet/protocol/calls/requests';
import {
  CallServers,
  CallServersRequest,
  CallsAnswerFrame,
  CallsEventFrame,
  CallsRequestFrame,
  TurnServer,
} from '@tacet/protocol/frames/calls';
import { AnonymousFrame, SignedInFrame } from '@tacet/protocol/frames/client';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { ErrorReply } from '@tacet/protocol/rest/error-reply';
import { ROUTES } from '@tacet/protocol/rest/index';
import { HeldPreKeys } from '@tacet/protocol/rest/keys';
import { SessionReply } from '@tacet/protocol/rest/sessions';
import type { Route } from '@tacet/protocol/route';
import {
  Addressed,
  Bundle,
  Counter,
  Credentials,
  Directory,
  FirstPreKeyUpload,
  Id,
  Instant,
  KyberPreKey,
  OneTimePreKey,
  Origin,
  PreKeyId,
  PreKeyUpload,
  RequestNumber,
  SignedPreKey,
  Username,
  Wrap,
} from '@tacet/protocol/shapes';
import { ListedDevice, signedDeviceList } from '@tacet/protocol/signed/device-list';
import * as requests from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS, type SignedShape } from '@tacet/protocol/signed/signed';
import { signedDeparture, signedStatement } from '@tacet/protocol/signed/statement';
import { SchemaWriter, type NamedShape } from './schema-text.ts';

/** Shapes that are written once, in the order of the document. */
export const SHAPES: readonly NamedShape[] = [
  { name: 'Id', schema: Id(Bytes) },
  { name: 'Counter', schema: Counter },
  { name: 'Instant', schema: Instant },
  { name: 'RequestNumber', schema: RequestNumber },
  { name: 'PreKeyId', schema: PreKeyId },
  { name: 'Username', schema: Username },
  { name: 'Origin', schema: Origin },
  { name: 'OneTimePreKey', schema: OneTimePreKey(Bytes) },
  { name: 'SignedPreKey', schema: SignedPreKey(Bytes) },
  { name: 'KyberPreKey', schema: KyberPreKey(Bytes) },
  { name: 'PreKeyUpload', schema: PreKeyUpload(Bytes) },
  { name: 'FirstPreKeyUpload', schema: FirstPreKeyUpload(Bytes) },
  { name: 'Bundle', schema: Bundle(Bytes) },
  { name: 'Directory', schema: Directory(Bytes) },
  { name: 'Addressed', schema: Addressed(Bytes) },
  { name: 'Wrap', schema: Wrap(Bytes) },
  { name: 'Credentials', schema: Credentials(Bytes) },
  { name: 'ListedDevice', schema: ListedDevice },
  { name: 'SessionReply', schema: SessionReply },
  { name: 'HeldPreKeys', schema: HeldPreKeys },
  { name: 'ErrorReply', schema: ErrorReply },
];

/** Those of calls. */
const CALL_SHAPES: readonly NamedShape[] = [
  { name: 'Capabilities', schema: Capabilities },
  { name: 'StreamParameters', schema: StreamParameters },
  { name: 'IceParameters', schema: IceParameters },
  { name: 'IceCandidate', schema: IceCandidate },
  { name: 'DtlsParameters', schema: DtlsParameters },
  { name: 'OtherParticipant', schema: OtherParticipant },
  { name: 'TurnServer', schema: TurnServer },
];

const SIGNED: readonly SignedShape<TSchema>[] = [
  signedDeviceList,
  signedStatement,
  signedDeparture,
  requests.signedSignUp,
  requests.signedLogin,
  requests.signedAddDevice,
  requests.signedChangeList,
  requests.signedChangeCredentials,
  requests.signedDeleteAccount,
  requests.signedRenewal,
  requests.signedBeginReset,
  requests.signedCancelReset,
  requests.signedFinishReset,
  requests.signedComeBack,
];

/** The catalogue is a table of its own. */
const CODE: NamedShape = { name: 'ErrorCode', schema: ErrorReply.properties.code };
const json = new SchemaWriter([...SHAPES, CODE], 'json');
const cbor = new SchemaWriter([...SHAPES, CODE], 'cbor');
/** Answers and events stand by themselves, not in the frames that carry them. */
const calls = new SchemaWriter(
  [
    ...SHAPES,
    ...CALL_SHAPES,
    { name: 'an answer', schema: CallsAnswerFrame.properties.answer },
    { name: 'an event', schema: CallEvent },
  ],
  'cbor',
);

/** One block that the document must have: the heading above it and its lines. */
export interface Block {
  readonly heading: string;
  readonly text: string;
}

/** Every block of the document, in order. */
export function expectedBlocks(): readonly Block[] {
  return [
    ...SHAPES.map(({ name, schema }) => ({ heading: name, text: json.write(schema, true) })),
    ...ROUTES.map(routeBlock),
    ...SIGNED.map(({ purpose, schema }) => ({
      heading: `signed: ${purpose}`,
      text: `label ${SIGNED_LABELS[purpose]}\n${cbor.write(schema, true)}`,
    })),
    ...frames(SignedInFrame).map((frame) => frameBlock('signed-in', frame)),
    ...frames(AnonymousFrame).map((frame) => frameBlock('anonymous', frame)),
    ...frames(ServerFrame).map((frame) => frameBlock('server', frame)),
    ...callBlocks(),
  ];
}

function callBlocks(): readonly Block[] {
  const block = (heading: string, schema: TSchema): Block => ({ heading, text: calls.write(schema, true) });
  const of = (where: string, union: { readonly anyOf: readonly TSchema[] }): readonly Block[] =>
    frames(union).map((schema) => block(`${where}: ${schema.properties.kind.const}`, schema));
  return [
    block('calls: a request', CallsRequestFrame),
    block('calls: an answer', CallsAnswerFrame),
    block('calls: an event', CallsEventFrame),
    block('call: call-servers', CallServersRequest),
    ...Object.entries(CALL_REQUESTS).map(([kind, schema]) => block(`call: ${kind}`, schema)),
    block('call answer: call-servers', CallServers),
    ...of('call answer', CallAnswer),
    ...of('call event', CallEvent),
    ...CALL_SHAPES.map(({ name, schema }) => block(name, schema)),
  ];
}

function routeBlock(route: Route): Block {
  const { method, path, auth, rate, bodyMaxBytes, params, body, reply, errors } = route;
  const lines = [
    `${method} ${path}`,
    `auth    ${auth}`,
    `rate    ${rate}`,
    ...(params === undefined ? [] : [`params  ${json.write(params)}`]),
    ...(body === undefined ? [] : [`limit   ${bodyMaxBytes} bytes`, `body    ${json.write(body)}`]),
    `reply   ${reply === undefined ? 'none (204)' : json.write(reply)}`,
    ...(errors.length === 0 ? [] : [`errors  ${errors.join(', ')}`]),
  ];
  return { heading: route.name, text: lines.join('\n') };
}

interface FrameSchema extends TSchema {
  readonly properties: { readonly kind: { readonly const: string } };
}

function frames(union: { readonly anyOf: readonly TSchema[] }): readonly FrameSchema[] {
  return union.anyOf as readonly FrameSchema[];
}

function frameBlock(where: string, frame: FrameSchema): Block {
  return { heading: `${where}: ${frame.properties.kind.const}`, text: cbor.write(frame, true) };
}

/** Every fenced block of a document that is marked `tacet`, with the nearest heading above it. */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: string[] | undefined;
  for (const line of markdown.split('\n')) {
    if (open !== undefined) {
      if (line === '```') {
        blocks.push({ heading, text: open.join('\n') });
        open = undefined;
      } else open.push(line);
    } else if (line === '```tacet') open = [];
    else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
  }
  return blocks;
}
