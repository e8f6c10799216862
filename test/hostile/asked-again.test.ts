/**
 * A server that shows a contact under a key of its own, and asks under it for what went out before: it knows every envelope by its id. What
 * was for the contact's key goes to no other. Row A03.
 */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { ContentFrame, Link } from '@tacet/protocol/content/frame';
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { makeImpostor } from '../support/impostor.ts';
import { accountOf, eventsOf, isAllDelivered, linesOf, reconnect, textsOf } from '../support/make-client.ts';
import type { ShownEntry } from '../support/other-key.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

const HOUR_MS = 60 * 60_000;

/** How far everybody's clock is ahead. */
let skew = 0;
const clock = { skewMs: (): number => skew };
const scene = await openScene({ adas: clock, bens: clock });
t.teardown(() => scene.close());
const { ada, ben } = scene;
const { client, talk, wire } = ben;

/** Envelopes that left Ben, after so many frames of his. */
function sentAfter(frames: number): readonly { readonly id: Uint8Array; readonly body: Uint8Array }[] {
  const targets = wire.said.slice(frames).flatMap((frame) => (frame.kind === 'send' ? frame.to : []));
  return targets.flatMap(({ envelope }) => (envelope === undefined ? [] : [envelope]));
}

/** How often Ben was told of another key. */
function changes(): number {
  return eventsOf(client.state).filter((what) => what === 'key-changed').length;
}

t.test(
  'A03: what went out under a contact’s key is not sent again to another that passes for it',
  async (t) => {
    const { link } = await client.commands.makeInvite();
    const said = wire.said.length;
    for (const words of ['for her key alone', 'and this']) {
      await client.commands.sendText(talk, words);
      await ada.client.waitFor(words, (state) => textsOf(state).includes(words));
    }
    await isAllDelivered(client);
    const before = sentAfter(said);
    t.ok(before.length >= 2);
    // Only what is no longer on its way goes again without being asked for by its id.
    skew += HOUR_MS;

    const shown = wire.heard.findLast((frame) => frame.kind === 'bundles');
    if (shown?.kind !== 'bundles') throw new Error('no entry was seen');
    const [hers] = signedDeviceList.parse(shown.directory.list.bytes).devices;
    if (hers === undefined) throw new Error('an empty list');
    const device = idOf<DeviceId>(hers.device);
    const impostor = await makeImpostor(scene.origin, link, accountOf(client), accountOf(ada.client), device);
    t.teardown(() => impostor.stop());
    const list = impostor.list(1_000_000);
    const accountKey = impostor.accountKey.getPublicKey().serialize();
    const entry: ShownEntry = { ...shown.directory, accountKey, list, departures: [] };
    wire.change = (frame) => {
      if (frame.kind === 'mismatch') return [{ kind: 'sent', re: frame.re }];
      return [frame.kind === 'bundles' ? { ...frame, directory: entry } : frame];
    };

    const first = wire.said.length;
    const say = (change: (honest: ContentFrame) => ContentFrame): Promise<void> =>
      impostor.say(
        (honest) => change({ ...honest, sentAt: Date.now() + skew }),
        () => ({ accountKey, list }),
      );
    for (const { id } of before) {
      const body = encodeCbor({ what: 'envelope', envelope: id });
      await say((honest) => ({ ...honest, kind: 'retry', critical: false, body }));
    }
    // This one has read nothing yet, it says: what he should have had is sent to him without a request.
    const unread: Link = {
      epoch: randomBytes(16),
      number: 1,
      previous: new Uint8Array(32),
      salt: randomBytes(32),
      seen: [],
      starts: [],
    };
    await say((honest) => ({ ...honest, link: unread }));
    await client.waitFor('what the impostor says', (state) => textsOf(state).includes('it is me'));
    t.equal(changes(), 1, 'the person sees that the key is another');

    // A receipt is gathered for a while: whatever was to be sent again goes before it.
    const read: ContentFrame[] = [];
    for (let i = 0; read.every(({ kind }) => kind !== 'delivered'); i += 1) {
      await wire.when('an answer', () => sentAfter(first).length > i);
      const content = await impostor.read(sentAfter(first)[i]!.body);
      if (content !== undefined) read.push(content);
    }
    const answers = read.map(({ kind }) => kind).filter((kind) => kind !== 'delivered');
    t.strictSame(
      answers,
      before.map(() => 'retry'),
      'that there is nothing, and nothing else',
    );

    wire.behave();
    await reconnect(client);
    skew += 2 * HOUR_MS;
    await client.commands.sendText(talk, 'to her');
    await client.waitFor('her key again', () => changes() === 2);
    await client.waitFor('it waits', (now) => linesOf(now).at(-1)?.delivery.kind === 'held');
    await client.commands.sendHeld(talk, client.state.open?.person.key);
    await ada.client.waitFor('it', (state) => textsOf(state).includes('to her'));
    await scene.stillTalk();
  },
);
