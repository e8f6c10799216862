/**
 * A call between two people, inside the ratchet: offer, answer, candidates and with them the fingerprints of DTLS travel here alone, so that
 * no server can stand in the middle. Never numbered; never shown by a reader that does not know them. Every content goes to all devices of
 * the other side; `call` says which call is meant.
 */
import {
  Array as List,
  Integer,
  Literal,
  Object as Shape,
  Optional,
  String,
  Union,
  type Static,
} from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, HASH_BYTES, Id } from '../shapes.ts';

/** What a call begins with; a microphone is always part of it. */
export const CallMedia = Union([Literal('audio'), Literal('video')]);
export type CallMedia = Static<typeof CallMedia>;

/** A session description (RFC 8866). Taken apart by browsers alone. */
const Description = String({ minLength: 1, maxLength: LIMITS.callDescriptionMaxChars });
/** The sealed join of the side that says it: its call identity with a prekey bundle. */
const Join = Bytes(1, LIMITS.callJoinMaxBytes);

/**
 * Calls. `secret`: of this call, from which its room and the key of its joins derive. `commitment`: hash of the caller's nonce; of both nonces
 * and both joins comes the code that the two may compare aloud, so that nobody can look for joins that give the same one. `offer`: absent
 * where the caller tells no address: then the call runs through the server.
 */
const Ring = Shape(
  {
    what: Literal('ring'),
    call: Id(Bytes),
    secret: Bytes(HASH_BYTES),
    media: CallMedia,
    join: Join,
    commitment: Bytes(HASH_BYTES),
    offer: Optional(Description),
  },
  CLOSED,
);
/** It rings on the device that says so. */
const Heard = Shape({ what: Literal('heard'), call: Id(Bytes) }, CLOSED);
/**
 * The first accept that the caller opens wins. `answer`: absent where there was no offer, or the callee tells no address. `said`: what begins the
 * session of the two call identities, so that the caller can say something over it as soon as there is a way.
 */
const Accept = Shape(
  {
    what: Literal('accept'),
    call: Id(Bytes),
    media: CallMedia,
    join: Join,
    nonce: Bytes(HASH_BYTES),
    answer: Optional(Description),
    said: Optional(Bytes(1, LIMITS.callMessageMaxBytes)),
  },
  CLOSED,
);
/** The caller says which device of the callee has the call, and tells it his nonce; the others stop. */
const Chosen = Shape(
  { what: Literal('chosen'), call: Id(Bytes), device: Id(Bytes), nonce: Bytes(HASH_BYTES) },
  CLOSED,
);
/** Candidates of the side that says it (RFC 8839 section 5.1), as they are found. Not kept for devices that are away. */
const Candidates = Shape(
  {
    what: Literal('candidates'),
    call: Id(Bytes),
    lines: List(String({ minLength: 1, maxLength: LIMITS.callCandidateMaxChars }), {
      minItems: 1,
      maxItems: LIMITS.callCandidatesMax,
    }),
  },
  CLOSED,
);

/** `round`: counts from 1 in a call. */
const Round = Integer({ minimum: 1, maximum: LIMITS.callRounds });
/** A way that was lost is to be found anew (RFC 8445 section 2.4). Said by the caller alone. */
const Again = Shape({ what: Literal('again'), call: Id(Bytes), round: Round, offer: Description }, CLOSED);
const Answered = Shape(
  { what: Literal('answered'), call: Id(Bytes), round: Round, answer: Description },
  CLOSED,
);
/** Who says it goes on through the server, and waits for the other side there. */
const Relayed = Shape({ what: Literal('relayed'), call: Id(Bytes) }, CLOSED);

/**
 * Why a call is over. `cancelled`: by the caller, before anybody took it. `declined`, `busy`: by the callee. `no-answer`: nobody took it in
 * time. `elsewhere`: another device of the callee has it. `hung-up`: by either side. `failed`: no connection came about. `lost`: it went and did
 * not come back.
 */
export const CallEnd = Union([
  Literal('cancelled'),
  Literal('declined'),
  Literal('busy'),
  Literal('no-answer'),
  Literal('elsewhere'),
  Literal('hung-up'),
  Literal('failed'),
  Literal('lost'),
]);
export type CallEnd = Static<typeof CallEnd>;

const End = Shape({ what: Literal('end'), call: Id(Bytes), why: CallEnd }, CLOSED);

export const Call = Union([Ring, Heard, Accept, Chosen, Candidates, Again, Answered, Relayed, End]);
export type Call = Static<typeof Call>;
