/**
 * The numbering of what comes, kept in the transaction of the content that carries it: gaps show as a line and are asked for, a line goes
 * when everything has come.
 */
import type { Ended } from '@tacet/protocol/content/frame';
import { RETRY_MAX } from '@tacet/protocol/content/retry';
import type { AccountId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { InChain } from '../db/stored-sending.ts';
import { isDueAgain, type Asking } from './asking.ts';
import { epochText, hashLink, judgeEnd, judgeLink, missingCount, type LinkVerdict } from './chain.ts';
import type { ReadFrame } from './frames.ts';
import type { Handling } from './handlers/handling.ts';
import { settleCounted } from './unreadable.ts';

/** Chains kept of one account: its devices, their former ones, and what restored copies began anew. */
const CHAINS_MOST = 64;

/** Keeps the chains of others. */
export class Numbering {
  readonly #db: SealedDb;
  readonly #asking: Asking;

  constructor(db: SealedDb, asking: Asking) {
    this.#db = db;
    this.#asking = asking;
  }

  /** Keeps the numbering and shows what it shows. */
  async take(handling: Handling, { frame, bytes, repairs }: ReadFrame): Promise<LinkVerdict | undefined> {
    const { tx, db, account, device, own, clock } = handling;
    const { link } = frame;
    if (link === undefined) return undefined;
    const key = K.inChain(db, account, device, epochText(link.epoch));
    const held = await tx.get(T.inChains, key);
    if (held === undefined) await this.#forgetChains(tx, account);
    const me = {
      device: own.value.device,
      unknownToSender: frame.to.list.counter < own.value.joinedAt,
    };
    // What is sent again may have lost the words that it quoted (`unquoteEntry`): the next frame names it as it was before.
    const hash = repairs === undefined ? hashLink(link.salt, bytes) : undefined;
    const verdict = judgeLink(held, device, link, hash, me);
    const chain = verdict.kind === 'repeated' ? verdict.chain : await this.#showGap(handling, verdict);
    tx.put(T.inChains, key, { ...chain, heardAt: clock.now() });
    if (link.before !== undefined) await this.#takeEnd(handling, link.before);
    await settleCounted(handling, tx, account, device, chain);
    return verdict;
  }

  /** What an epoch that has ended lacks. [Note: epochs] A server can have one ended by saying that a device runs on an older copy. */
  async #takeEnd(handling: Handling, ended: Ended): Promise<void> {
    const { tx, db, account, device, own, clock } = handling;
    const key = K.inChain(db, account, device, epochText(ended.epoch));
    const held = await tx.get(T.inChains, key);
    const verdict = judgeEnd(held, device, ended, own.value.device);
    if (verdict === undefined) return;
    if (held === undefined) await this.#forgetChains(tx, account);
    tx.put(T.inChains, key, { ...(await this.#showGap(handling, verdict)), heardAt: clock.now() });
  }

  /** Makes room for a chain that begins: the one goes that was not heard of for longest. */
  async #forgetChains(tx: WriteTx, account: AccountId): Promise<void> {
    const range = K.inChains(this.#db, account);
    if ((await tx.keys(T.inChains, range)).length < CHAINS_MOST) return;
    const rows = await tx.range(T.inChains, range);
    const [oldest] = rows.toSorted((a, b) => (a.value.heardAt ?? 0) - (b.value.heardAt ?? 0));
    if (oldest !== undefined) tx.delete(T.inChains, oldest.key);
  }

  /** Shows and asks for what is missing, and again when it does not come; what was missing before somebody was accepted shows with the next that he says. */
  async #showGap(handling: Handling, verdict: LinkVerdict): Promise<InChain> {
    const { tx, account, device, conversations, standing } = handling;
    let { chain } = verdict;
    const isShown = standing === 'accepted';
    if (verdict.kind === 'fork' && isShown) conversations.addEvent(tx, account, { what: 'gap', missing: 1 });
    const left = missingCount(chain);
    const isNew = isShown && chain.gapLine === undefined && left > 0;
    if (standing !== 'stranger') chain = this.#askMissing(handling, verdict, isNew);
    if (isNew) {
      const gap = { device, epoch: epochText(chain.epoch) };
      return { ...chain, gapLine: conversations.addEvent(tx, account, { what: 'gap', missing: left }, gap) };
    }
    if (chain.gapLine === undefined || verdict.kind === 'next') return chain;
    await conversations.changeGap(tx, account, chain.gapLine, left);
    return left === 0 ? withoutGapLine(chain) : chain;
  }

  /** Asks for what is missing and was not asked for lately, the newest first, and notes that in the chain. */
  #askMissing(handling: Handling, verdict: LinkVerdict, isNew: boolean): InChain {
    const { tx, account, device, directory, clock } = handling;
    const { chain } = verdict;
    const { asked } = chain;
    const isDue = asked !== undefined && isDueAgain(asked, clock.now());
    const missing = isNew || isDue ? chain.missing : verdict.kind === 'gap' ? verdict.missing : [];
    if (missing.length === 0 || directory.get(account) === undefined) return chain;
    for (let end = missing.length; end > 0 && this.#asking.mayAsk(tx, account); end -= RETRY_MAX) {
      const numbers = missing.slice(Math.max(0, end - RETRY_MAX), end);
      this.#asking.ask(tx, account, device, { what: 'missing', epoch: chain.epoch, numbers });
    }
    // The count begins anew only where nothing older was missing: no new gap keeps an old one being asked for.
    const isFirst = asked === undefined || chain.missing.length === missing.length;
    const again = isDue && !isNew ? asked.again + 1 : isFirst ? 0 : asked.again;
    return { ...chain, asked: { at: isFirst || isDue ? clock.now() : asked.at, again } };
  }
}

function withoutGapLine({ gapLine: _gone, ...chain }: InChain): InChain {
  return chain;
}
