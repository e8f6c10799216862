/** The browser adapters at work in a worker. Each question runs one scenario; answers are plain values, compared outside. */
import type { Database, OpenSocket } from '../../../client/core/ports.ts';
import { browserHttp } from '../../../client/platform/http.ts';
import { deleteIndexedDb, openIndexedDb } from '../../../client/platform/indexeddb.ts';
import { openKeyring, type SoftwareSigner } from '../../../client/platform/keyring.ts';
import { browserLifelines } from '../../../client/platform/lifelines.ts';
import { openOwnerLock } from '../../../client/platform/owner-lock.ts';
import { browserRandom } from '../../../client/platform/random.ts';
import { openTabChannel } from '../../../client/platform/tab-channel.ts';
import { openBrowserSocket } from '../../../client/platform/web-socket.ts';
import { ready } from '../../../crypto/ready.ts';
import { verifyWithPublicKey } from '../../../crypto/vault.ts';
import { softwareSigner } from '../../../client/workers/software-signer.ts';

const LABELLED = new TextEncoder().encode('Tacet/login/v1\0and some fields');

async function withDatabase<Value>(run: (database: Database) => Promise<Value>): Promise<Value> {
  const database = await openIndexedDb(`test-${crypto.randomUUID()}`, 1, ['a', 'b']);
  try {
    return await run(database);
  } finally {
    await database.destroy();
  }
}

/** A promise's refusal as the name of its error. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.name : 'not an error';
  }
}

const questions: Readonly<Record<string, () => Promise<unknown>>> = {
  'what was written is read': () =>
    withDatabase(async (database) => {
      await database.transact(['a'], 'write', async (tx) => {
        tx.put('a', 'text', 'one');
        tx.put('a', 7, { two: Uint8Array.of(2) });
        tx.put('a', Uint8Array.of(1, 2), 'bytes');
        tx.put('a', ['x', 1, Uint8Array.of(9)], 'list');
      });
      return database.transact(['a'], 'read', async (tx) => [
        await tx.get('a', 'text'),
        await tx.get('a', 7),
        await tx.get('a', Uint8Array.of(1, 2)),
        await tx.get('a', ['x', 1, Uint8Array.of(9)]),
        (await tx.get('a', 'absent')) === undefined,
      ]);
    }),
  'a transaction reads its own writes': () =>
    withDatabase((database) =>
      database.transact(['a', 'b'], 'write', async (tx) => {
        tx.put('a', 1, 'first');
        tx.put('b', 1, 'second');
        tx.delete('b', 1);
        return [await tx.get('a', 1), (await tx.get('b', 1)) === undefined];
      }),
    ),
  'a throw rolls everything back': () =>
    withDatabase(async (database) => {
      const refused = await refusal(
        database.transact(['a', 'b'], 'write', async (tx) => {
          tx.put('a', 1, 'gone');
          await tx.get('a', 1);
          tx.put('b', 1, 'gone too');
          throw new RangeError('changed its mind');
        }),
      );
      const left = await database.transact(['a', 'b'], 'read', async (tx) => [
        await tx.get('a', 1),
        await tx.get('b', 1),
      ]);
      return [refused, left.filter((value) => value !== undefined).length];
    }),
  'ranges are bounded, limited and in order both ways': () =>
    withDatabase(async (database) => {
      await database.transact(['a'], 'write', async (tx) => {
        for (let i = 0; i < 10; i += 1) tx.put('a', ['c', i], i);
        tx.put('a', ['d', 0], 'another');
      });
      const read = (options: object): Promise<unknown> =>
        database.transact(['a'], 'read', async (tx) =>
          (await tx.range('a', options)).map(({ key, value }) => [key, value]),
        );
      const within = { from: ['c', 2], to: ['c', 6] };
      return [
        await read({ ...within, limit: 2 }),
        await read({ ...within, limit: 2, descending: true }),
        ((await read({ from: ['c', 0], to: ['c', 9] })) as unknown[]).length,
        ((await read({})) as unknown[]).length,
        await read({ from: ['e', 0] }),
        await read({ ...within, limit: 0, descending: true }),
      ];
    }),
  'writers of one store take turns': () =>
    withDatabase(async (database) => {
      await Promise.all(
        Array.from({ length: 20 }, () =>
          database.transact(['a'], 'write', async (tx) => {
            const before = (await tx.get('a', 'count')) as number | undefined;
            tx.put('a', 'count', (before ?? 0) + 1);
          }),
        ),
      );
      return database.transact(['a'], 'read', (tx) => tx.get('a', 'count'));
    }),
  'what is committed outlives the connection, and new stores come with a version': async () => {
    const name = `test-${crypto.randomUUID()}`;
    const first = await openIndexedDb(name, 1, ['a']);
    await first.transact(['a'], 'write', async (tx) => tx.put('a', 1, 'kept'));
    // Left open: a newer version must not wait for it.
    const second = await openIndexedDb(name, 2, ['a', 'b']);
    const kept = await second.transact(['a', 'b'], 'read', (tx) => tx.get('a', 1));
    await second.destroy();
    const third = await openIndexedDb(name, 1, ['a']);
    const after = await third.transact(['a'], 'read', (tx) => tx.get('a', 1));
    await third.destroy();
    return [kept, after === undefined];
  },
  'a database of a higher version is refused by a name of its own, and can be deleted': async () => {
    const name = `test-${crypto.randomUUID()}`;
    const newer = await openIndexedDb(name, 2, ['a', 'b']);
    const refused = await refusal(openIndexedDb(name, 1, ['a']));
    // Left open: a deletion must not wait for it.
    await deleteIndexedDb(name);
    const closed = await refusal(newer.transact(['a'], 'read', (tx) => tx.get('a', 1)));
    const fresh = await openIndexedDb(name, 1, ['a']);
    await fresh.destroy();
    await deleteIndexedDb(name);
    return [refused, closed];
  },
  'a closed database refuses': () =>
    withDatabase(async (database) => {
      database.close();
      return refusal(database.transact(['a'], 'read', (tx) => tx.get('a', 1)));
    }),

  'the keyring seals, opens after a restart, and refuses what was changed': async () => {
    const name = `keys-${crypto.randomUUID()}`;
    const plain = browserRandom(100);
    const keyring = openKeyring(name, openIndexedDb, softwareSigner);
    const sealed = await keyring.wrap(plain);
    const again = await keyring.wrap(plain);
    const opened = await openKeyring(name, openIndexedDb, softwareSigner).unwrap(sealed);
    const changed = Uint8Array.from(sealed);
    changed[20] = (changed[20] ?? 0) ^ 1;
    const refused = await refusal(keyring.unwrap(changed));
    await keyring.destroy();
    const lost = await refusal(openKeyring(name, openIndexedDb, softwareSigner).unwrap(sealed));
    return [
      sealed.length - plain.length,
      sealed.join() !== again.join(),
      opened.join() === plain.join(),
      refused,
      lost,
    ];
  },
  'the keyring follows what another tab has wiped and made anew': async () => {
    const name = `keys-${crypto.randomUUID()}`;
    const mine = openKeyring(name, openIndexedDb, softwareSigner);
    const [one, two] = await Promise.all([mine.wrap(Uint8Array.of(1)), mine.wrap(Uint8Array.of(2))]);
    const both = [await mine.unwrap(one), await mine.unwrap(two)];
    const theirs = openKeyring(name, openIndexedDb, softwareSigner);
    await theirs.destroy();
    const gone = await refusal(mine.unwrap(one));
    const next = await theirs.wrap(Uint8Array.of(3));
    await theirs.createSessionKey();
    const opened = await mine.unwrap(next);
    const signature = await mine.signWithSessionKey(LABELLED);
    await theirs.destroy();
    return [both.map(([byte]) => byte), gone, opened[0], signature.length];
  },
  'no key of the keyring can be taken out': async () => {
    const name = `keys-${crypto.randomUUID()}`;
    const keyring = openKeyring(name, openIndexedDb, softwareSigner);
    await keyring.wrap(Uint8Array.of(1));
    await keyring.createSessionKey();
    const database = await openIndexedDb(name, 1, ['keys']);
    const rows = await database.transact(['keys'], 'read', (tx) => tx.range('keys', {}));
    const answers: unknown[] = [];
    for (const { value } of rows) {
      const stored = value as CryptoKey | { readonly kind: string; readonly key: CryptoKey };
      const key = stored instanceof CryptoKey ? stored : stored.key;
      const format = key.type === 'secret' ? 'raw' : 'pkcs8';
      answers.push([
        key.algorithm.name,
        key.extractable,
        await refusal(crypto.subtle.exportKey(format, key)),
      ]);
    }
    database.close();
    await keyring.destroy();
    return answers;
  },
  'the session key signs as its public half says': async () => {
    await ready();
    const keyring = openKeyring(`keys-${crypto.randomUUID()}`, openIndexedDb, softwareSigner);
    const publicKey = await keyring.createSessionKey();
    const signature = await keyring.signWithSessionKey(LABELLED);
    const next = await keyring.createSessionKey();
    await keyring.destroy();
    return [
      publicKey.length,
      verifyWithPublicKey(publicKey, 'Tacet/login/v1', LABELLED, signature),
      next.join() !== publicKey.join(),
    ];
  },
  'without Ed25519 in the browser the session key is made by software': async () => {
    await ready();
    const native = crypto.subtle.generateKey.bind(crypto.subtle);
    const refuse = async (algorithm: AlgorithmIdentifier, ...rest: never[]): Promise<unknown> => {
      const name = typeof algorithm === 'string' ? algorithm : algorithm.name;
      if (name === 'Ed25519') throw new DOMException('unrecognised', 'NotSupportedError');
      return (native as (...args: readonly unknown[]) => Promise<unknown>)(algorithm, ...rest);
    };
    Object.defineProperty(crypto.subtle, 'generateKey', { value: refuse, configurable: true });
    const seeds: string[] = [];
    const watched: SoftwareSigner = {
      publicKey: (seed) => {
        seeds.push(seed.join());
        return softwareSigner.publicKey(seed);
      },
      sign: (seed, bytes) => softwareSigner.sign(seed, bytes),
    };
    try {
      const name = `keys-${crypto.randomUUID()}`;
      const publicKey = await openKeyring(name, openIndexedDb, watched).createSessionKey();
      const keyring = openKeyring(name, openIndexedDb, watched);
      const signature = await keyring.signWithSessionKey(LABELLED);
      const database = await openIndexedDb(name, 1, ['keys']);
      const stored = await database.transact(['keys'], 'read', (tx) => tx.get('keys', 'session'));
      database.close();
      await keyring.destroy();
      return [
        verifyWithPublicKey(publicKey, 'Tacet/login/v1', LABELLED, signature),
        seeds.length,
        JSON.stringify(stored).includes(seeds[0] ?? 'no seed'),
      ];
    } finally {
      Reflect.deleteProperty(crypto.subtle, 'generateKey');
    }
  },

  'one owner at a time, until it lets go or is robbed': async () => {
    const name = `lock-${crypto.randomUUID()}`;
    const told: string[] = [];
    const [first, second] = [openOwnerLock(name), openOwnerLock(name)];
    const lost = (who: string) => (): void => {
      told.push(who);
    };
    const look = (): Promise<readonly boolean[]> => Promise.all([first.holds(), second.holds()]);
    await first.acquire({ steal: false, lost: lost('first') });
    const inLine = refusal(second.acquire({ steal: false, lost: lost('second') }));
    const before = await look();
    await second.acquire({ steal: true, lost: lost('second') });
    const robbed = await look();
    const inLineAgain = first.acquire({ steal: false, lost: lost('first') });
    second.release();
    await inLineAgain;
    const after = await look();
    first.release();
    return [before, await inLine, robbed, after, told];
  },
  'a lifeline breaks when it is let go, and not before': async () => {
    const name = `life-${crypto.randomUUID()}`;
    const told: string[] = [];
    const letGo = await browserLifelines.hold(name);
    const broken = new Promise<void>((resolve) => {
      browserLifelines.onBreak(name, () => {
        told.push('broken');
        resolve();
      });
    });
    browserLifelines.onBreak(name, () => told.push('not asked any more'))();
    const held = await navigator.locks.query();
    told.push(held.held?.some((lock) => lock.name === name) === true ? 'held' : 'free');
    letGo();
    await broken;
    return told;
  },
  'a channel reaches the others of its name and not itself': async () => {
    const name = `tabs-${crypto.randomUUID()}`;
    const heard: unknown[] = [];
    const one = openTabChannel(name, (message) => heard.push(['one', message]));
    await new Promise<void>((resolve) => {
      const two = openTabChannel(name, (message) => {
        heard.push(['two', message]);
        two.close();
        resolve();
      });
      one.post({ kind: 'hello' });
    });
    one.close();
    return heard;
  },
  'requests answer with status and text, and refuse when nobody answers': async () => {
    const request = { method: 'GET', headers: {}, body: undefined, credentials: false, timeoutMs: 5_000 };
    const found = await browserHttp({ ...request, path: '/page.js' });
    const missing = await browserHttp({ ...request, path: '/absent' });
    const slow = await refusal(browserHttp({ ...request, path: '/slow', timeoutMs: 50 }));
    return [found.status, found.body.includes('Worker'), missing.status, slow];
  },
  'a socket that cannot open is closed exactly once': async () => {
    const codes: number[] = [];
    await new Promise<void>((resolve) => {
      const open: OpenSocket = openBrowserSocket;
      open('/absent', {
        opened: () => codes.push(-1),
        message: () => codes.push(-2),
        closed: (code) => {
          codes.push(code);
          resolve();
        },
      });
    });
    const closedByUs = await new Promise<number>((resolve) => {
      openBrowserSocket('/absent', {
        opened: () => undefined,
        message: () => undefined,
        closed: resolve,
      }).close(4000);
    });
    return [codes, closedByUs];
  },
  'random bytes come in any length': async () => {
    const long = browserRandom(200_000);
    return [browserRandom(0).length, long.length, new Set(long.subarray(-1_000)).size > 200];
  },
};

addEventListener('message', (event: MessageEvent<string>) => {
  const ask = questions[event.data];
  if (ask === undefined) {
    postMessage({ value: Object.keys(questions) });
    return;
  }
  ask().then(
    (value) => postMessage({ value }),
    (error: unknown) =>
      postMessage({ error: error instanceof Error ? `${error.name}: ${error.message}` : 'failed' }),
  );
});
