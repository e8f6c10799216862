/** Every size, count and age that a boundary holds, each with its reason. Bytes, milliseconds, counts. */

const KIB = 1024;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const LIMITS = {
  /** Username length: short enough for a line, long enough to be free. */
  usernameMin: 3,
  usernameMax: 32,
  /** Devices of one account: what a person uses, with room; bounds the fan-out of a send. */
  devicesPerAccount: 8,
  /** One-time prekeys of a kind held for a device; two batches of 100. */
  oneTimePrekeys: 200,
  /** One-time prekeys of a kind in one upload. */
  prekeyBatch: 100,
  /** Refill below this many. */
  prekeyRefillBelow: 20,
  /** Ciphertext of one envelope: 64 KiB of padded content, the ratchet's and the seal's overhead. */
  envelopeMaxBytes: 72 * KIB,
  /** Padded content inside the encryption. Longer texts are files. */
  contentMaxBytes: 64 * KIB,
  /** Smallest padding bucket of a content. */
  contentMinBytes: 256,
  /** Characters of one text message (UTF-16 units); at 3 bytes a unit it fits the content. */
  textMaxChars: 16_000,
  /** One socket frame: envelopes for every device of an account and the padding step. */
  frameMaxBytes: 1024 * KIB,
  /** The step of control frames: acknowledgements, pings, answers without a list. */
  frameControlBytes: 256,
  /** Smallest step of other frames: holds a PreKey message with the sender's list, so that a first message is not told by its size. */
  frameStepBytes: 4 * KIB,
  /** JSON body of an ordinary route. */
  bodyMaxBytes: 64 * KIB,
  /** JSON body with a full set of prekeys: 100 Kyber keys of 1,569 bytes with signatures, in base64. */
  prekeyBodyMaxBytes: 512 * KIB,
  /** Encrypted vault. */
  vaultMaxBytes: 4 * KIB,
  /** One wrap of the vault key (passphrase, each passkey). */
  wrapMaxBytes: 512,
  wrapsMax: 8,
  /** Encrypted account record: contacts with keys and states, some 300 bytes each, for 3,000 contacts. */
  recordMaxBytes: 1024 * KIB,
  recordBodyMaxBytes: 1536 * KIB,
  /** Encrypted profile: name and a small picture. */
  profileMaxBytes: 96 * KIB,
  profileBodyMaxBytes: 160 * KIB,
  /** Signed device list of eight devices. */
  deviceListMaxBytes: 2 * KIB,
  /** Signed device statement. */
  statementMaxBytes: 1 * KIB,
  /** Signed departure notice of a device. */
  departureMaxBytes: 256,
  /** Any signed request carried as bytes without prekeys. */
  signedRequestMaxBytes: 16 * KIB,
  /** Sign-up and new-device requests carry prekeys and the record. */
  signUpMaxBytes: 1536 * KIB,
  signUpBodyMaxBytes: 2304 * KIB,
  /** Invites open at a time per account. */
  invitesPerAccount: 50,
  /** Codes that a device names as over to a restored server: as many invites as an account record holds. */
  overInvitesMost: 200,
  inviteDefaultAgeMs: 7 * DAY_MS,
  /** An invite that is shown as a code to somebody who is there: as long as it takes to scan it and make an account. */
  inviteScanAgeMs: 10 * MINUTE_MS,
  inviteMaxAgeMs: 30 * DAY_MS,
  inviteMaxUses: 100,
  /** Envelopes waiting for one device, and their bytes. */
  queueMaxEnvelopes: 20_000,
  queueMaxBytes: 256 * KIB * KIB,
  /** The share of a queue that unaccepted senders may fill. */
  queueStrangerEnvelopes: 200,
  /** Deliveries sent to a socket and not yet acknowledged. */
  deliveryWindow: 128,
  /** Acknowledgements in one frame. */
  ackBatch: 256,
  /** Requests of one socket under way at a time. */
  socketInFlight: 128,
  /** Bytes waiting in a socket's send buffer before it counts as a slow reader. */
  socketBufferedBytes: 4 * KIB * KIB,
  /** A socket without a hello is closed. */
  helloTimeoutMs: 5_000,
  /** Server's ping interval, and when silence counts as dead. */
  heartbeatMs: 25_000,
  heartbeatTimeoutMs: 60_000,
  /** A challenge's life: long enough for Argon2 on a slow phone. */
  challengeAgeMs: 2 * MINUTE_MS,
  accessTokenAgeMs: 15 * MINUTE_MS,
  refreshTokenAgeMs: 7 * DAY_MS,
  /** How long a reset waits for somebody who still has the passphrase. */
  resetWaitMs: 3 * DAY_MS,
  /** How long one that is due can be finished: nobody lies in wait with one that was announced and forgotten. */
  resetLapseMs: 14 * DAY_MS,
  /** Signed prekeys are rotated after this. */
  prekeyRotationMs: 2 * DAY_MS,
  /** A device whose statement is older is inactive. */
  statementAgeMs: 30 * DAY_MS,
  /** How long an envelope waits, by default and at most: clients keep the secrets of their prekeys no longer than for this. And at least. */
  queueAgeMs: 90 * DAY_MS,
  queueMinAgeMs: 30 * DAY_MS,
  /** Signed-in sockets and anonymous sockets from one address. */
  socketsPerAddress: 2_500,
  /** Connections of one address over which requests are made: six for each browser behind one router, and room. */
  connectionsPerAddress: 500,
  /**
   * After a frame that was refused as `rate-limited` nothing is read for as long as the refusal says to wait, within these bounds. A request
   * that is so refused is answered after the longest rest.
   */
  restMinMs: 250,
  restMaxMs: 1_000,
  /** A connection that is to end is kept so long without being read, so that opening the next one costs its owner time. */
  heldMs: 2_000,
  /** So many at a time of one address that is told no more. */
  heldPerAddress: 100,
  /** How long a call rings, and how old a ring may be that still does. */
  callRingMs: MINUTE_MS,
  /** A session description: five sections with the few codecs that are offered take a third. */
  callDescriptionMaxChars: 16_000,
  /** One candidate, and candidates in one content. */
  callCandidateMaxChars: 512,
  callCandidatesMax: 32,
  /** How often the way between two may be looked for anew in one call. */
  callRounds: 1_000,
  /** A sealed join: identity, prekey bundle with its Kyber key, a name; padded to 8 KiB at most, and what sealing adds. */
  callJoinMaxBytes: 8 * KIB + 41,
  /** What a request or a frame counts for besides itself: one for each so many bytes of it. */
  countedRequestBytes: 4 * KIB,
  countedFrameBytes: 16 * KIB,
  /** A relayed message of a call: keys for one participant, a heartbeat. */
  callMessageMaxBytes: 16 * KIB,
  /** What a producer says of itself, sealed: a purpose and its tag. */
  callLabelMaxBytes: 64,
  /** People in a call whose tiles one screen shows in pages; each join costs everybody a key message. */
  callParticipants: 40,
  /** One to send and one to receive over. */
  callTransports: 2,
  /** Microphone, camera, screen and its sound. */
  callProducers: 4,
  /** Every producer of everybody else, once. */
  callConsumers: 39 * 4,
  /** Simulcast streams or spatial layers of a video. */
  callLayers: 3,
  /** Rooms of one SFU: each costs memory in the worker, most hold a few people. */
  callRooms: 1_000,
  /** Join tokens of one room that have not been used: everybody once, and as many who try again. */
  callTokens: 80,
  /** A join token is used by the page that asked for it, at once. */
  callTokenAgeMs: 30_000,
  /** How long somebody whose connection is lost keeps a place: as a phone needs to change networks. */
  callResumeMs: 30_000,
  /** How long a room waits for somebody. */
  callEmptyMs: MINUTE_MS,
  /** Messages and their bytes that wait for somebody whose connection is lost: two or three from everybody. */
  callHeldMessages: 128,
  callHeldBytes: 512 * KIB,
  /** Requests of one connection under way: what a page asks for at once when it enters a full room. */
  callInFlight: 256,
  /** One frame of a client: the largest message and the padding step. */
  callFrameMaxBytes: 32 * KIB,
  /** Sockets for calls from one address: everybody of an office or a school who talks at a time. */
  callSocketsPerAddress: 250,
  /** How long what a TURN server lets somebody in with holds: a call that lasts longer has found its way. */
  turnCredentialAgeMs: 60 * MINUTE_MS,
  /** Consumers of one worker, as mediasoup's authors advise for a core. */
  callConsumersPerWorker: 500,
  /** What one transport may send, in bit/s: a camera in three layers and a screen. */
  callIncomingBitrate: 4_000_000,
} as const;

/** One leaky bucket: `burst` at once, then one per `everyMs`. */
export interface RateRule {
  readonly burst: number;
  readonly everyMs: number;
}

/** Rate classes of routes and frames; the operator's rate factor multiplies bursts and divides intervals. Keys in memory: per account or device when signed in, else per address under a daily key. */
export const RATES = {
  /** Requests of one address, whatever they ask for and whoever asks: everybody behind one router, after a restart of the server. */
  request: { burst: 6_000, everyMs: 5 },
  /** Connections from one address, whatever is asked over them. */
  connection: { burst: 3_000, everyMs: 20 },
  /** Sockets opened from one address. */
  socket: { burst: 1_000, everyMs: 200 },
  /** Refusals for asking too often that one address is answered; beyond, its connections are held and cut: no honest client goes on asking. */
  refusal: { burst: 600, everyMs: 5 },
  /** Ordinary reads and writes of a signed-in device. */
  ordinary: { burst: 120, everyMs: 200 },
  /** Public reads without an account. */
  public: { burst: 60, everyMs: 500 },
  /** Challenges, per address: a MAC each and nothing kept, and everybody behind one router needs them. */
  challenge: { burst: 600, everyMs: 50 },
  /** Sign-in attempts, per username and address. */
  login: { burst: 10, everyMs: 30_000 },
  /** Sign-in attempts of an address, whatever the name. */
  loginAddress: { burst: 60, everyMs: 1_000 },
  /** Renewals, per address: a class of its own, so that nobody's sign-in attempts keep signed-in devices waiting. */
  renewal: { burst: 300, everyMs: 200 },
  /** Sign-ups per address: a family behind one router. */
  signUp: { burst: 20, everyMs: 60_000 },
  /** Lookups by name: one at a time, a day's worth of new people in the burst. */
  lookup: { burst: 30, everyMs: 60_000 },
  /** Bundles handed to strangers and introductions sent, per account and day. */
  introduction: { burst: 50, everyMs: 1_728_000 },
  /** Bundles handed out per recipient device: protects one-time keys from depletion. */
  bundle: { burst: 60, everyMs: 10_000 },
  /** Changes of list, credentials, deletion. */
  change: { burst: 10, everyMs: 60_000 },
  invite: { burst: 50, everyMs: 60_000 },
  /** Sends per connection, and over all connections of a device: a backlog leaves at once, then ten a second. */
  send: { burst: 600, everyMs: 100 },
  /** Pings and pongs of one WebSocket, below frames: browsers send none but their answers. */
  control: { burst: 60, everyMs: 1_000 },
  /** Sends and fetches over all anonymous connections of one address: a whole office, not a flood. */
  sendAddress: { burst: 6_000, everyMs: 10 },
  /** Sends arriving for one recipient account, from everybody together. */
  receive: { burst: 2_000, everyMs: 20 },
  /** Answers of the STUN responder to one address: a browser asks a few times for each call. */
  stun: { burst: 60, everyMs: 100 },
  /** Admissions to calls of one address: a call takes one, and one more where it has to begin again. */
  callAdmit: { burst: 100, everyMs: 500 },
  /** Requests of all sockets for calls of one address. */
  callAddress: { burst: 6_000, everyMs: 5 },
  /** Requests of one participant of a call: entering a full room asks for every stream of everybody. */
  callRequest: { burst: 600, everyMs: 20 },
  /** Relayed messages of one participant of a call, one for each who gets it: keys to everybody after a join, and again. */
  callMessage: { burst: 400, everyMs: 25 },
  /** Answers to unknown routes. */
  unknown: { burst: 60, everyMs: 1_000 },
} as const satisfies Record<string, RateRule>;

/** A name of `RATES`. */
export type RateClass = keyof typeof RATES;
