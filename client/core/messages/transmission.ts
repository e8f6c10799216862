/**
 * How a prepared content leaves: copies to own devices over the signed-in socket, to people whose delivery key is known over the
 * anonymous one, to everybody else as a sealed introduction. The answer is that the server has it, or the list that it has instead.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, type AccountId } from '@tacet/protocol/ids';
import { introduce } from '@tacet/protocol/rest/people';
import type { Session } from '../account/session.ts';
import type { SealedDb } from '../db/sealed.ts';
import type { OutboxEntry } from '../db/stored-sending.ts';
import type { Directory } from '../people/directory.ts';
import type { DirectoryEntry } from '../people/person.ts';
import { withinShare, type StrangerShare } from '../people/within-day.ts';
import type { Clock } from '../ports.ts';
import { CoreError } from '../failure.ts';
import type { OwnKeeper } from '../own.ts';
import { entryFromFrame, entryFromJson, type People } from '../people.ts';
import type { AnonymousConnection } from '../transport/anonymous.ts';
import type { AnswerFrame } from '../transport/channel.ts';
import type { Connection } from '../transport/connection.ts';
import type { Rest } from '../transport/rest.ts';

/** What a transmission needs. */
export interface TransmissionNeeds {
  readonly db: SealedDb;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly own: OwnKeeper;
  readonly people: People;
  readonly rest: Rest;
  readonly session: Session;
  readonly anonymous: AnonymousConnection;
  readonly connection: Connection;
}

/** Sends prepared entries. */
export class Transmission {
  readonly #needs: TransmissionNeeds;

  constructor(needs: TransmissionNeeds) {
    this.#needs = needs;
  }

  /**
   * Sends a prepared entry. Gives the directory entry of a mismatch, or nothing when the server has it. Throws `ShareUsed` and what the
   * server refuses.
   */
  async send(entry: OutboxEntry, online: boolean, share: StrangerShare): Promise<DirectoryEntry | undefined> {
    const { connection, anonymous, people, own } = this.#needs;
    const to = (entry.envelopes ?? []).map(({ device, id, body }) =>
      id === undefined || body === undefined
        ? { device: idBytes(device) }
        : { device: idBytes(device), envelope: { id: idBytes(id), body } },
    );
    const listHash = entry.listHash ?? new Uint8Array(32);
    if (entry.to === own.value.account) {
      const answer = await connection.request({ kind: 'send-own', listHash, online, to });
      return mismatchIn(answer, entry.to);
    }
    const deliveryKey = people.deliveryKey(entry.to);
    if (deliveryKey !== undefined) {
      try {
        const answer = await anonymous.request({
          kind: 'send',
          account: idBytes(entry.to),
          deliveryKey,
          listHash,
          online,
          to,
        });
        return mismatchIn(answer, entry.to);
      } catch (error) {
        if (!isWireError(error, 'delivery-refused')) throw error;
        people.refuse(entry.to);
      }
    }
    if (online) return undefined;
    return this.#introduce(entry, share);
  }

  /** A sealed introduction over the session: to somebody whose delivery key this device does not have, or has no more. */
  async #introduce(entry: OutboxEntry, share: StrangerShare): Promise<DirectoryEntry | undefined> {
    const { rest, session } = this.#needs;
    const body = {
      account: entry.to as string,
      listHash: encodeB64u(entry.listHash ?? new Uint8Array(32)),
      to: (entry.envelopes ?? []).map(({ device, id, body: sealed }) =>
        id === undefined || sealed === undefined
          ? { device: device as string }
          : { device: device as string, envelope: { id: id as string, body: encodeB64u(sealed) } },
      ),
    };
    const reply = await withinShare(this.#needs, entry.to, share, () =>
      session.with((token) => rest.call(introduce, { body, token })),
    );
    return reply.mismatch === undefined ? undefined : entryFromJson(reply.mismatch);
  }
}

/** The entry in a mismatch; nothing when the server has the send. */
function mismatchIn(answer: AnswerFrame, account: AccountId): DirectoryEntry | undefined {
  if (answer.kind === 'sent') return undefined;
  if (answer.kind !== 'mismatch') throw new CoreError('server-dishonest', 'an answer to something else');
  const entry = entryFromFrame(answer.directory);
  if (entry.account !== account) throw new CoreError('server-dishonest', 'the entry of somebody else');
  return entry;
}
