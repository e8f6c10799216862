/**
 * What a device at work does by itself: it catches up with each connection, reads what the server says is new, follows what the record
 * says, and looks after its keys. What a person asks for stands elsewhere.
 */
import type { Sync } from '@tacet/protocol/content/sync';
import { idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { keepReceipts } from './account/kept-receipts.ts';
import type { OwnAccount } from './account/own-account.ts';
import type { Profiles } from './account/profiles.ts';
import { hasCurrentRecordKey } from './account/record-key.ts';
import type { StartCounter } from './account/start-counter.ts';
import { T } from './db/stores.ts';
import type { OwnDevices } from './devices.ts';
import { fetchPart } from './failure.ts';
import type { HomeWatcher } from './home-parts.ts';
import type { Inbox } from './messages/inbox.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { DIRECTORY_TABLES } from './people/directory.ts';
import { forgetOver } from './safety/encounters.ts';
import { hasOpenEnd } from './safety/shown-codes.ts';
import { hasOtherDevices, type Services } from './services.ts';
import type { PushedFrame } from './transport/channel.ts';
import type { Welcome } from './transport/connection.ts';
import { isRepeatable, untilLater } from './transport/rest.ts';
import type { ConnectionState } from './view.ts';

const HOUR_MS = 60 * 60_000;

/** What it works with besides what all share. */
interface UpkeepNeeds {
  readonly watcher: HomeWatcher;
  readonly inbox: Inbox;
  readonly counter: StartCounter;
  readonly devices: OwnDevices;
  readonly profiles: Profiles;
  readonly ownAccount: OwnAccount;
}

/** Looks after a device at work. */
export class Upkeep {
  readonly #services: Services;
  readonly #needs: UpkeepNeeds;
  #cancelMaintenance: (() => void) | undefined;
  #stopped = false;

  constructor(services: Services, needs: UpkeepNeeds) {
    this.#services = services;
    this.#needs = needs;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelMaintenance?.();
  }

  /** The record has changed, here or by another own device. */
  recordChanged(): void {
    this.#needs.watcher.peopleChanged();
    this.#services.background.run(this.ensureConversations(), 'show new contacts');
    this.#services.background.run(this.followRecord(), 'follow what was decided about keys');
    if (this.#services.own.value.removals !== undefined) {
      this.#services.background.run(this.#needs.ownAccount.settle(), 'settle a removal');
    }
  }

  /** A version of the record is on the server: the other own devices are told. */
  recordUploaded(version: number): void {
    if (!hasOtherDevices(this.#services)) return;
    this.#services.background.run(this.#tellOwn({ what: 'record', version }), 'tell of the record');
  }

  /** A restored server has the record of this device, or a later one. */
  recordBrought(): void {
    const { db, own, background } = this.#services;
    if (own.value.bringsRecord !== true) return;
    const noted = db.write([T.own], async (tx) => own.change(tx, ({ bringsRecord: _done, ...held }) => held));
    background.run(noted, 'note that the record was brought');
  }

  /** Reads again what a restored server has shown older than it is known. */
  lookAgain(): void {
    if (this.#stopped) return;
    const { background } = this.#services;
    background.run(this.#refreshOwnList().catch(untilLater), 'read the own list');
    background.run(this.#readRecord().catch(untilLater), 'read the account record');
  }

  /** Sends again what a restored server has lost. */
  async #resend(): Promise<void> {
    const { db, own } = this.#services;
    const since = own.value.resendsSince;
    if (since === undefined) return;
    const { resendUnconfirmed } = await fetchPart(() => import('./account/restored.ts'));
    await resendUnconfirmed(this.#services, since);
    await db.write([T.own], async (tx) => own.change(tx, ({ resendsSince: _done, ...held }) => held));
  }

  /** A contact has a conversation from the moment that he is accepted, on every device. */
  async ensureConversations(): Promise<void> {
    const { db } = this.#services;
    const missing = this.#services.record.contacts
      .filter(({ state }) => state === 'accepted')
      .map(({ account }) => idOf<AccountId>(account))
      .filter((account) => this.#services.conversations.get(account) === undefined);
    if (missing.length === 0 || this.#stopped) return;
    await db.write([T.conversations], async (tx) => {
      for (const account of missing) this.#services.conversations.ensure(tx, account);
    });
  }

  /** Another own device may have decided about somebody's key. */
  async followRecord(): Promise<void> {
    const { directory } = this.#services;
    if (this.#stopped || !directory.changedKeys.lagsBehind) return;
    await this.#services.db.write(DIRECTORY_TABLES, async (tx) => directory.changedKeys.followRecord(tx));
  }

  /** A connection stands, and the server says what it has. */
  async welcomed(welcome: Welcome): Promise<void> {
    this.#needs.inbox.flushAcks();
    this.serverTime(welcome.serverTime);
    await this.#needs.counter.compare(welcome.counter);
    const { background } = this.#services;
    if (welcome.listCounter !== this.#services.directory.ownView.counter) {
      // Before anything that came: an invite that ended with a removal is not to be answered any more.
      const read = this.#refreshOwnList();
      background.run(read, 'read the own list');
      await read.catch(() => undefined);
    }
    this.#needs.inbox.release();
    const { bringsRecord } = this.#services.own.value;
    if (welcome.recordVersion !== this.#services.record.version || bringsRecord === true) {
      background.run(this.#readRecord(), 'read the account record');
    }
    this.#services.record.resume();
    this.#services.care.look();
    this.#catchUp();
    this.#maintainSoon();
    for (const contact of this.#services.record.contacts) {
      if (contact.state === 'accepted' && contact.name === undefined) {
        this.#needs.profiles.read(idOf<AccountId>(contact.account));
      }
    }
  }

  /** Goes on with what a lost connection or a crash left undone about keys. */
  #catchUp(): void {
    const { background } = this.#services;
    if (this.#services.own.value.removals !== undefined) {
      const settled = this.#needs.ownAccount.settle().then(() => this.#refreshOwnList());
      background.run(settled.catch(untilLater), 'settle a removal');
    }
    background.run(this.#needs.ownAccount.refreshResets().catch(untilLater), 'ask for resets');
    // In this order: what contacts are told with the profile would show them what they miss, and have them ask for it.
    const resent = this.#resend().then(() => this.#publish());
    background.run(
      resent.catch(untilLater),
      'send again what a restored server has lost, publish the profile',
    );
    background.run(this.#keepReceipts().catch(untilLater), 'ask for receipts');
    if (hasOpenEnd(this.#services)) {
      background.run(this.#endCodes().catch(untilLater), 'end codes that are put away');
    }
    if (!hasCurrentRecordKey(this.#services)) {
      background.run(this.#tellOwn({ what: 'record-key-wanted' }), 'ask for the record key');
    }
  }

  /** Codes that were put away without a connection, or by a stop. */
  async #endCodes(): Promise<void> {
    const { Giving } = await fetchPart(() => import('./account/giving.ts'));
    await new Giving(this.#services).endClosed();
  }

  async #publish(): Promise<void> {
    if (this.#services.own.value.publishing !== true) return;
    const { publishProfile } = await fetchPart(() => import('./account/rotation.ts'));
    await publishProfile(this.#services);
  }

  /** Whether another device has replaced the record key since. */
  async awaitsRecordKey(): Promise<boolean> {
    await this.#refreshOwnList();
    return !hasCurrentRecordKey(this.#services);
  }

  async #tellOwn(body: Sync): Promise<void> {
    const { db, outbox, random, clock } = this.#services;
    await db.write([T.outbox], async (tx) =>
      outbox.add(tx, {
        to: this.#services.own.value.account,
        content: { kind: 'sync', body },
        id: idOf<MessageId>(random(16)),
        sentAt: clock.now(),
      }),
    );
  }

  /** The server says its time, ms. */
  serverTime(at: number): void {
    const { twoClocks } = this.#services;
    const before = twoClocks.told;
    twoClocks.note(at);
    if (twoClocks.told !== before) this.#needs.watcher.peopleChanged();
  }

  /** The server says something by itself. */
  pushed(frame: PushedFrame): void {
    const { background } = this.#services;
    switch (frame.kind) {
      case 'deliver':
        this.#needs.inbox.push(frame);
        return;
      case 'drained':
        this.#needs.inbox.drained();
        return;
      case 'notice':
        switch (frame.what) {
          case 'record':
            background.run(this.#readRecord(), 'read the account record');
            return;
          case 'list':
            background.run(this.#refreshOwnList(), 'read the own list');
            return;
          case 'prekeys-low':
            background.run(this.#needs.devices.maintain(), 'look after prekeys');
            return;
          case 'reset':
            background.run(this.#readResets(), 'ask for resets');
            return;
          case 'credentials':
            background.run(this.#keepReceipts().catch(untilLater), 'ask for receipts');
            return;
        }
    }
  }

  // What a server can make this device read without end is read once at a time.
  readonly #readRecord = oneAtATime(() => this.#services.record.refresh());
  readonly #keepReceipts = oneAtATime(() => keepReceipts(this.#services));
  readonly #readResets = oneAtATime(() => this.#needs.ownAccount.refreshResets());
  readonly #refreshOwnList = oneAtATime(() => this.#readOwnList());

  /** Reads the own list; a signed list without this device ends it. */
  async #readOwnList(): Promise<void> {
    const { list } = await this.#services.people.fetchOwn();
    if (!list.devices.some(({ device }) => device === this.#services.own.value.device)) {
      this.#needs.watcher.ended('removed');
      return;
    }
    await this.#needs.ownAccount.settle();
    this.#needs.watcher.peopleChanged();
    this.#services.background.run(this.#keepReceipts().catch(untilLater), 'ask for receipts');
  }

  /** What is in force has changed by this device. */
  receiptsDue(): void {
    this.#services.background.run(this.#keepReceipts().catch(untilLater), 'ask for receipts');
  }

  /** The connection has come or gone. */
  connectionState(state: ConnectionState): void {
    this.#needs.watcher.connection(state);
    if (state.kind === 'online') this.#services.outbox.kickAll();
    if (state.kind === 'offline') this.#services.anonymous.drop();
  }

  #maintainSoon(): void {
    const { clock, twoClocks, background, outbox } = this.#services;
    this.#cancelMaintenance?.();
    const again = (): void => {
      this.#cancelMaintenance = clock.after(6 * HOUR_MS, () => this.#maintainSoon());
    };
    background.run(
      Promise.all([
        this.#needs.devices.maintain(),
        outbox.sweep(twoClocks.earliest),
        forgetOver(this.#services),
      ])
        .catch((error: unknown) => {
          if (!isRepeatable(error)) throw error;
        })
        .finally(again),
      'look after prekeys',
    );
  }
}
