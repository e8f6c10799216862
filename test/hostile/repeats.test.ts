/**
 * What a server has held back is asked for and sent again; then both come, as it was sent and as it was sent again. The two are different
 * ciphertexts, and each opens. It is taken once, whichever came first, and undoes nothing that was said since. Row A16.
 */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { parseInviteLink } from '@tacet/client/core/account/invites';
import { introduce } from '@tacet/protocol/rest/people';
import { changeDeliveries, type Deliver } from '../support/hostile-wire.ts';
import { eventsOf, isAllDelivered, lineOf, linesOf, openWith, textsOf } from '../support/make-client.ts';
import { openMallory } from './mallory.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

const scene = await openScene();
t.teardown(() => scene.close());
const { ada, ben } = scene;
await isAllDelivered(ada.client);
const mallory = await openMallory(scene);
t.teardown(() => mallory.client.close());
const { commands } = mallory.client;
const { toAda, toMallory } = mallory;

function told(what: string): number {
  return eventsOf(ada.client.state).filter((each) => each === what).length;
}

/** How often Ada wrote to somebody whose delivery key she does not have. */
function introductions(): number {
  return ada.wire.asked.filter(({ path }) => path === introduce.path).length;
}

for (const first of ['what was sent again', 'what was held back']) {
  t.test(`A16: what comes twice is taken once, and undoes nothing: ${first} comes first`, async (t) => {
    await ada.client.commands.openConversation(toMallory);
    const [edited, deleted] = [`${first}: edited`, `${first}: deleted`];
    for (const words of [edited, deleted]) await mallory.settle(words);
    const before = { newer: told('newer-version'), timer: told('timer') };
    const { secrets } = parseInviteLink((await commands.makeInvite()).link, scene.origin);
    if (secrets === undefined) throw new Error('an invite without secrets');

    const held: Deliver[] = [];
    ada.wire.change = changeDeliveries((frame) => {
      held.push(frame);
      return [];
    });
    const toEdit = lineOf(mallory.client, edited).id;
    const toDelete = lineOf(mallory.client, deleted).id;
    await commands.sendText(toAda, `${first}: once`);
    await commands.editMessage(toAda, toEdit, `${first}: edited once`);
    await commands.deleteForEveryone(toAda, toDelete);
    await commands.setTimer(toAda, 3_600);
    await mallory.sayBody('newer', {});
    await mallory.sayBody('profile', { profileKey: randomBytes(32), deliveryKey: randomBytes(32) });
    await ada.wire.when('all of it', () => held.length >= 6);

    const again: Deliver[] = [];
    let passes = first === 'what was sent again' ? Infinity : 1;
    ada.wire.change = changeDeliveries((frame) => {
      passes -= 1;
      if (passes >= 0) return [frame];
      again.push(frame);
      return [];
    });
    const from = ada.wire.delivered.length;
    await mallory.settle(`${first}: what shows the gap`);
    await ada.wire.when('the repairs', () => ada.wire.delivered.length - from >= 7);
    ada.wire.change = undefined;
    if (first === 'what was held back') for (const frame of held) ada.wire.tell(frame);
    await ada.client.waitFor('all of it', (state) => {
      const texts = textsOf(state);
      return texts.includes(`${first}: once`) && !eventsOf(state).includes('gap');
    });

    await commands.editMessage(toAda, toEdit, `${first}: edited again`);
    await commands.setTimer(toAda, 7_200);
    await mallory.sayBody('profile', { profileKey: randomBytes(32), deliveryKey: secrets.deliveryKey });
    await mallory.settle(`${first}: what is newer`);

    for (const frame of first === 'what was held back' ? again : held) ada.wire.tell(frame);
    await mallory.settle(`${first}: the end`);
    const { state } = ada.client;
    const texts = linesOf(state).flatMap(({ text }) => (text.startsWith(first) ? [text] : []));
    const after = ['edited again', 'once', 'what shows the gap', 'what is newer', 'the end'];
    t.strictSame(
      texts.toSorted(),
      after.map((words) => `${first}: ${words}`).toSorted(),
      'each is shown once, as it was last said to be',
    );
    t.equal(
      linesOf(state).filter(({ id, deletedAt }) => id === toDelete && deletedAt !== undefined).length,
      1,
    );
    t.equal(state.open?.timer, 7_200);
    t.equal(told('timer') - before.timer, 2);
    t.equal(told('newer-version') - before.newer, 1, 'and what cannot be shown is told of once');

    const asked = introductions();
    await ada.client.commands.sendText(toMallory, `${first}: an answer`);
    await mallory.client.waitFor('it', (now) => textsOf(now).includes(`${first}: an answer`));
    t.equal(introductions() - asked, 0, 'the delivery key that was told last is in force');
    await isAllDelivered(ada.client);
    await openWith(ada.client, ben.name);
    await scene.stillTalk();
    await isAllDelivered(ada.client);
  });
}
