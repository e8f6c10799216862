/** All rooms of this media server and the tokens that lead into them. */
import type { CallAnswer } from '@tacet/protocol/calls/answers';
import type { CallRequestOf } from '@tacet/protocol/calls/requests';
import { idOf, type RoomId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { CallError } from './errors.ts';
import type { Participant } from './participant.ts';
import { Room, type RoomDeps } from './room.ts';
import { Tokens } from './tokens.ts';

interface Pass {
  readonly room: Room;
  readonly cancelExpiry: () => void;
}

interface Place {
  readonly room: Room;
  readonly participant: Participant;
}

/** Somebody's place in a room, and the answer that tells him of it. */
export interface Entry extends Place {
  readonly answer: CallAnswer;
}

export class Rooms {
  readonly #deps: RoomDeps;
  readonly #rooms = new Map<RoomId, Room>();
  readonly #passes = new Tokens<Pass>();
  readonly #resumes = new Tokens<Place>();
  /** The name of each participant's resume token. */
  readonly #resumeOf = new Map<Participant, string>();

  constructor(deps: RoomDeps) {
    this.#deps = deps;
  }

  /** How much is registered: nothing when nobody is there. */
  get counts() {
    const { size: rooms } = this.#rooms;
    return {
      rooms,
      passes: this.#passes.size,
      resumes: this.#resumes.size,
      participants: this.#resumeOf.size,
    };
  }

  /** Throws `CallError` `call-refused`, `call-full` or `calls-unavailable`. */
  admit({ room: id, key }: CallRequestOf<'admit'>): CallAnswer {
    const room = this.#rooms.get(idOf<RoomId>(id)) ?? this.#make(idOf<RoomId>(id), key);
    if (!room.hasKey(key)) throw new CallError('call-refused', 'another key');
    if (room.tokens >= LIMITS.callTokens) throw new CallError('call-full', 'too many join tokens');
    room.tokens += 1;
    const cancelExpiry = this.#deps.clock.after(LIMITS.callTokenAgeMs, () => {
      this.#passes.revoke(name);
      room.tokens -= 1;
    });
    const { token, name } = this.#passes.issue({ room, cancelExpiry });
    return { kind: 'admitted', token };
  }

  #make(id: RoomId, key: Uint8Array): Room {
    if (this.#deps.pool.byLoad().length === 0) throw new CallError('calls-unavailable', 'no worker');
    if (this.#rooms.size >= LIMITS.callRooms) throw new CallError('call-full', 'too many rooms');
    const room = new Room(key, this.#deps, {
      onGone: (participant) => this.#gone(participant),
      onClosed: () => this.#rooms.delete(id),
    });
    this.#rooms.set(id, room);
    return room;
  }

  /** Rejects with `CallError` `call-refused`, `call-full` or `calls-unavailable`. */
  async enter({ token, join }: CallRequestOf<'enter'>): Promise<Entry> {
    const pass = this.#passes.use(token);
    pass?.cancelExpiry();
    if (pass !== undefined) pass.room.tokens -= 1;
    if (pass === undefined || pass.room.isClosed) throw new CallError('call-refused', 'no such token');
    const { room } = pass;
    const participant = await room.enter(join);
    if (participant.isClosed) throw new CallError('calls-unavailable', 'ended meanwhile');
    return { room, participant, answer: room.welcome(participant, this.#newResume({ room, participant })) };
  }

  /** Takes a place over. Throws `CallError` `call-refused`. */
  resume({ token }: CallRequestOf<'resume'>): Entry {
    const place = this.#resumes.use(token);
    if (place === undefined) throw new CallError('call-refused', 'no such token');
    const { room, participant } = place;
    participant.cancelAbsence?.();
    participant.inbox.comeBack();
    return { ...place, answer: room.welcomeBack(participant, this.#newResume({ room, participant })) };
  }

  #newResume(place: Place): Uint8Array {
    const { token, name } = this.#resumes.issue(place);
    this.#resumeOf.set(place.participant, name);
    return token;
  }

  #gone(participant: Participant): void {
    participant.cancelAbsence?.();
    const name = this.#resumeOf.get(participant);
    if (name !== undefined) this.#resumes.revoke(name);
    this.#resumeOf.delete(participant);
  }

  /** Closes all rooms. */
  close(): void {
    for (const room of this.#rooms.values()) room.close();
  }
}
