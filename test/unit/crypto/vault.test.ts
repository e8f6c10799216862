import t from 'tap';
import fc from 'fast-check';
import { argon2Sync, createHash, createHmac, createPublicKey, hkdfSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import * as Vault from '@tacet/crypto/vault';
import { PrivateKey } from '../../../crypto/ec.ts';
import { isCryptoError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/ready.ts';
import { pad, paddedSize, unpad } from '../../../crypto/vault/sealed.ts';
import { bitFlips, extended, hexBytes, hexText, seededRandom, truncations } from '../../support/mangle.ts';
import { readTable } from '../../support/markdown-table.ts';
import { because } from '../../support/refusal.ts';
import { seedProperties } from '../../support/seed-properties.ts';
import vectors from '../../vectors/vault.json' with { type: 'json' };

seedProperties(t);

await ready();

const account = hexBytes(vectors.account);
const binding = { account, version: vectors.version };
const wrapKey = Vault.keyFrom<Vault.WrapKey>(hexBytes(vectors.wrapKey));
const vaultKey = Vault.keyFrom<Vault.VaultKey>(hexBytes(vectors.vaultKey));
const recordKey = Vault.keyFrom<Vault.RecordKey>(hexBytes(vectors.recordKey));
const profileKey = Vault.keyFrom<Vault.ProfileKey>(hexBytes(vectors.profileKey));
const localKey = Vault.keyFrom<Vault.LocalKey>(hexBytes(vectors.localKey));
const inviteSecret = Vault.keyFrom<Vault.InviteSecret>(hexBytes(vectors.inviteSecret));
const accountKey = PrivateKey.deserialize(hexBytes(vectors.accountKey));
const plaintext = hexBytes(vectors.plaintext);

interface Sealed {
  readonly name: string;
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly label: string;
  readonly key: Uint8Array;
  readonly open: (sealed: Uint8Array, over?: Partial<Vault.Binding>) => string;
  readonly expected: string;
  /** Exact plaintext length where the format fixes one. */
  readonly fixed?: number;
}

/** Every sealed form with the recorded bytes, how it opens and to what. */
const forms: readonly Sealed[] = [
  {
    name: 'wrap',
    sealed: hexBytes(vectors.wrap),
    label: 'Tacet/vault-key-wrap/v1',
    key: wrapKey,
    open: (sealed, over) => hexText(Vault.unwrapVaultKey(wrapKey, sealed, { ...binding, ...over })),
    expected: vectors.vaultKey,
    fixed: 32,
  },
  {
    name: 'vault',
    sealed: hexBytes(vectors.vault),
    label: 'Tacet/vault/v1',
    key: vaultKey,
    open: (sealed, over) => {
      const contents = Vault.openVault(vaultKey, sealed, { ...binding, ...over });
      return hexText(contents.accountKey.serialize()) + hexText(contents.recordKey);
    },
    expected: vectors.accountKey + vectors.recordKey,
    fixed: 64,
  },
  {
    name: 'record',
    sealed: hexBytes(vectors.record),
    label: 'Tacet/account-record/v1',
    key: recordKey,
    open: (sealed, over) => hexText(Vault.openRecord(recordKey, sealed, { ...binding, ...over })),
    expected: vectors.plaintext,
  },
  {
    name: 'profile',
    sealed: hexBytes(vectors.profile),
    label: 'Tacet/profile/v1',
    key: profileKey,
    open: (sealed, over) => hexText(Vault.openProfile(profileKey, sealed, { ...binding, ...over })),
    expected: vectors.plaintext,
  },
  {
    name: 'local',
    sealed: hexBytes(vectors.local),
    label: 'Tacet/local-storage/v1',
    key: localKey,
    open: (sealed) => hexText(Vault.openLocal(localKey, vectors.localContext, sealed)),
    expected: vectors.plaintext,
  },
];

function labelledBytes(label: string, fields: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${label}\0`), fields]);
}

function bindingBytes(): Buffer {
  const version = Buffer.alloc(8);
  version.writeBigUInt64BE(BigInt(vectors.version));
  return Buffer.concat([account, version]);
}

t.test('the recorded passphrase stretches to the recorded keys', (t) => {
  const { loginKey, wrapKey: wrap } = Vault.stretchPassphrase(vectors.passphrase, vectors.username);
  t.equal(hexText(loginKey.seed), vectors.loginSeed);
  t.equal(hexText(loginKey.publicKey), vectors.loginKey);
  t.equal(hexText(wrap), vectors.wrapKey);
  t.end();
});

t.test('stretching is Argon2id with 64 MiB and 3 passes, then HKDF, as Node computes them', (t) => {
  t.same(Vault.ARGON2, { memoryBytes: 67_108_864, passes: 3, saltBytes: 16, outputBytes: 32 });
  const salt = createHash('sha256')
    .update(`Tacet/passphrase-salt/v1\0${vectors.username}`)
    .digest()
    .subarray(0, 16);
  const stretched = argon2Sync('argon2id', {
    message: vectors.passphrase,
    nonce: salt,
    parallelism: 1,
    tagLength: 32,
    memory: 64 * 1024,
    passes: 3,
  });
  const derive = (label: string): string =>
    hexText(new Uint8Array(hkdfSync('sha256', stretched, new Uint8Array(32), label, 32)));
  t.equal(derive('Tacet/login-key/v1'), vectors.loginSeed);
  t.equal(derive('Tacet/passphrase-wrap-key/v1'), vectors.wrapKey);
  t.end();
});

t.test(
  'another way to type the same passphrase and name gives the same keys, another passphrase or name does not',
  (t) => {
    const key = (passphrase: string, username: string): string =>
      hexText(Vault.stretchPassphrase(passphrase, username).loginKey.publicKey);
    const same = key('caf\u00e9 A\u00a0b', 'alice');
    t.equal(key('  cafe\u0301   A b ', ' Alice'), same, 'composed or not, blanks, capitals in the name');
    t.not(key('caf\u00e9 a b', 'alice'), same, 'capitals in the passphrase count');
    t.not(key('cafe A b', 'alice'), same);
    t.not(key('caf\u00e9 A b', 'alicia'), same);
    t.end();
  },
);

t.test('normal forms are normal: normalising twice changes nothing', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      const passphrase = Vault.normalisePassphrase(text);
      const username = Vault.normaliseUsername(text);
      return (
        Vault.normalisePassphrase(passphrase) === passphrase &&
        Vault.normalisePassphrase(` ${text}\t`) === passphrase &&
        Vault.normaliseUsername(username.toUpperCase().toLowerCase()) ===
          username.toUpperCase().toLowerCase().normalize('NFKC').trim().toLowerCase()
      );
    }),
  );
  t.pass('every run agreed');
  t.end();
});

t.test('an empty or overlong passphrase and an empty name are refused before the work', (t) => {
  t.throws(() => Vault.stretchPassphrase('', 'alice'), because('misuse'));
  t.throws(() => Vault.stretchPassphrase(' \t ', 'alice'), because('misuse'));
  t.throws(() => Vault.stretchPassphrase('x', ' '), because('misuse'));
  t.throws(() => Vault.stretchPassphrase('x'.repeat(1025), 'alice'), because('misuse'));
  t.end();
});

t.test('every recorded sealed form opens to what was sealed', (t) => {
  for (const form of forms) t.equal(form.open(form.sealed), form.expected, form.name);
  t.end();
});

t.test(
  'every sealed form is XChaCha20-Poly1305 with label and binding as associated data, as noble computes it',
  (t) => {
    for (const form of forms) {
      t.equal(form.sealed[0], 1, 'version byte');
      const fields = form.name === 'local' ? Buffer.from(vectors.localContext) : bindingBytes();
      const data = labelledBytes(form.label, fields);
      const opened = xchacha20poly1305(form.key, form.sealed.subarray(1, 25), data).decrypt(
        form.sealed.subarray(25),
      );
      t.ok(hexText(opened).startsWith(form.expected), form.name);
    }
    t.end();
  },
);

t.test('sealing under the recorded randomness gives the recorded bytes', async (t) => {
  await ready({ random: seededRandom(1) });
  t.teardown(async () => ready());
  t.equal(hexText(Vault.generateKey<Vault.VaultKey>()), vectors.vaultKey);
  t.equal(hexText(Vault.generateKey<Vault.RecordKey>()), vectors.recordKey);
  t.equal(hexText(Vault.generateKey<Vault.ProfileKey>()), vectors.profileKey);
  t.equal(hexText(Vault.generateKey<Vault.LocalKey>()), vectors.localKey);
  t.equal(hexText(Vault.generateKey<Vault.InviteSecret>()), vectors.inviteSecret);
  t.equal(hexText(Vault.sealRecord(recordKey, plaintext, binding)), vectors.record);
  t.equal(hexText(Vault.wrapVaultKey(wrapKey, vaultKey, binding)), vectors.wrap);
  t.equal(hexText(Vault.sealVault(vaultKey, { accountKey, recordKey }, binding)), vectors.vault);
  t.equal(hexText(Vault.sealProfile(profileKey, plaintext, binding)), vectors.profile);
  t.equal(hexText(Vault.sealLocal(localKey, vectors.localContext, plaintext)), vectors.local);
});

t.test('a sealed form that is cut, changed in any byte or extended does not open', (t) => {
  for (const form of forms) {
    const cuts = form.sealed.length > 200 ? [0, 1, 24, 25, 40, 41, form.sealed.length - 1] : undefined;
    for (const cut of truncations(form.sealed)) {
      if (cuts !== undefined && !cuts.includes(cut.length)) continue;
      const reason = cut.length < 41 || form.fixed !== undefined ? 'malformed' : 'bad-seal';
      t.throws(() => form.open(cut), because(reason), `${form.name} cut to ${cut.length}`);
    }
    for (const { at, bytes } of bitFlips(form.sealed)) {
      if (at > 60 && at < form.sealed.length - 20 && at % 251 !== 0) continue;
      const reason = at === 0 ? 'bad-version' : 'bad-seal';
      t.throws(() => form.open(bytes), because(reason), `${form.name} with byte ${at} changed`);
    }
    const reason = form.fixed === undefined ? 'bad-seal' : 'malformed';
    t.throws(() => form.open(extended(form.sealed, 0)), because(reason), `${form.name} extended`);
  }
  t.end();
});

t.test('a sealed form opens for its account and version only', (t) => {
  const other = Uint8Array.from(account).fill(0xee, 15);
  for (const form of forms.filter((one) => one.name !== 'local')) {
    t.throws(() => form.open(form.sealed, { account: other }), because('bad-seal'), form.name);
    t.throws(() => form.open(form.sealed, { version: vectors.version + 1 }), because('bad-seal'));
    t.throws(() => form.open(form.sealed, { version: vectors.version - 1 }), because('bad-seal'));
    t.throws(() => form.open(form.sealed, { account: account.subarray(1) }), because('misuse'));
    for (const version of [-1, 0.5, 2 ** 53, Number.NaN]) {
      t.throws(() => form.open(form.sealed, { version }), because('misuse'), `version ${version}`);
    }
  }
  t.throws(() => Vault.openLocal(localKey, 'sessions/2', hexBytes(vectors.local)), because('bad-seal'));
  t.throws(() => Vault.openLocal(localKey, '', hexBytes(vectors.local)), because('bad-seal'));
  t.end();
});

t.test('forms are not exchangeable, not even under one key', (t) => {
  const bytes = wrapKey as Uint8Array;
  const asRecordKey = Vault.keyFrom<Vault.RecordKey>(bytes);
  const asProfileKey = Vault.keyFrom<Vault.ProfileKey>(bytes);
  const record = Vault.sealRecord(asRecordKey, new Uint8Array(4000), binding);
  t.same(Vault.openRecord(asRecordKey, record, binding), new Uint8Array(4000));
  t.throws(() => Vault.openProfile(asProfileKey, record, binding), because('bad-seal'));
  t.throws(() => Vault.openLocal(Vault.keyFrom<Vault.LocalKey>(bytes), '', record), because('bad-seal'));
  t.end();
});

t.test('another key of the same kind opens nothing', (t) => {
  t.throws(
    () => Vault.unwrapVaultKey(Vault.derivePasskeyWrapKey(wrapKey), hexBytes(vectors.wrap), binding),
    because('bad-seal'),
  );
  t.throws(() => Vault.openVault(Vault.generateKey(), hexBytes(vectors.vault), binding), because('bad-seal'));
  t.throws(
    () => Vault.openRecord(Vault.generateKey(), hexBytes(vectors.record), binding),
    because('bad-seal'),
  );
  t.throws(
    () => Vault.openProfile(Vault.generateKey(), hexBytes(vectors.profile), binding),
    because('bad-seal'),
  );
  t.end();
});

t.test('no two seals of the same thing are equal', (t) => {
  const once = hexText(Vault.sealLocal(localKey, 'a', plaintext));
  t.not(hexText(Vault.sealLocal(localKey, 'a', plaintext)), once);
  t.end();
});

t.test('records, profiles and local values of any length come back', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 70_000, size: 'max' }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      (bytes, context) =>
        hexText(Vault.openRecord(recordKey, Vault.sealRecord(recordKey, bytes, binding), binding)) ===
          hexText(bytes) &&
        hexText(Vault.openProfile(profileKey, Vault.sealProfile(profileKey, bytes, binding), binding)) ===
          hexText(bytes) &&
        hexText(Vault.openLocal(localKey, context, Vault.sealLocal(localKey, context, bytes))) ===
          hexText(bytes),
    ),
    { numRuns: 30 },
  );
  t.pass('every run came back');
  t.end();
});

t.test('sizes of records and profiles tell their step only', (t) => {
  const sizes = (length: number): readonly [number, number] => [
    Vault.sealRecord(recordKey, new Uint8Array(length), binding).length - Vault.SEAL_OVERHEAD_BYTES,
    Vault.sealProfile(profileKey, new Uint8Array(length), binding).length - Vault.SEAL_OVERHEAD_BYTES,
  ];
  t.same(sizes(0), [4096, 1024]);
  t.same(sizes(1023), [4096, 1024]);
  t.same(sizes(1024), [4096, 2048]);
  t.same(sizes(4095), [4096, 4096]);
  t.same(sizes(4096), [8192, 8192]);
  t.same(sizes(65_535), [65_536, 65_536]);
  t.same(sizes(65_536), [131_072, 131_072]);
  t.same(sizes(131_072), [196_608, 196_608]);
  t.end();
});

t.test('padding comes off exactly as it was put on, and no other padding is read', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000, size: 'max' }), (bytes) => {
      const padded = pad(bytes, 256);
      return (
        padded.length === paddedSize(bytes.length, 256) && hexText(unpad(padded, 256)) === hexText(bytes)
      );
    }),
  );
  t.throws(() => unpad(new Uint8Array(256), 256), because('malformed'), 'no mark');
  t.throws(() => unpad(new Uint8Array(0), 256), because('malformed'));
  t.throws(() => unpad(pad(plaintext, 512), 256), because('malformed'), 'a larger step than needed');
  t.throws(() => unpad(pad(plaintext, 256).subarray(0, 255), 256), because('malformed'));
  const marked = pad(plaintext, 256);
  marked[255] = 1;
  t.throws(() => unpad(marked, 256), because('malformed'));
  t.end();
});

t.test('any bytes are refused by every opener', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (random, versioned) => {
      const bytes = versioned ? Uint8Array.of(1, ...random) : random;
      return forms.every((form) => {
        try {
          form.open(bytes);
          return false;
        } catch (error) {
          return isCryptoError(error);
        }
      });
    }),
  );
  t.pass('no run opened or crashed');
  t.end();
});

t.test('keys have 32 bytes and are copies', (t) => {
  for (const length of [0, 31, 33, 64]) {
    t.throws(() => Vault.keyFrom<Vault.VaultKey>(new Uint8Array(length)), because('misuse'));
    t.throws(() => Vault.derivePasskeyWrapKey(new Uint8Array(length)), because('misuse'));
    t.throws(() => Vault.signingKeyPair(new Uint8Array(length)), because('misuse'));
  }
  const source = new Uint8Array(32).fill(5);
  const key = Vault.keyFrom<Vault.VaultKey>(source);
  source.fill(0);
  t.equal(key[0], 5);
  t.end();
});

t.test(
  'derived keys and hashes are HKDF, SHA-256 and HMAC under their labels, as Node computes them',
  (t) => {
    const derive = (secret: string, label: string): string =>
      hexText(new Uint8Array(hkdfSync('sha256', hexBytes(secret), new Uint8Array(32), label, 32)));
    const hash = (label: string, bytes: Uint8Array): string =>
      createHash('sha256').update(labelledBytes(label, bytes)).digest('hex');
    const deliveryKey = Vault.deriveDeliveryKey(profileKey);
    t.equal(hexText(deliveryKey), vectors.deliveryKey);
    t.equal(derive(vectors.profileKey, 'Tacet/delivery-key/v1'), vectors.deliveryKey);
    t.equal(hexText(Vault.hashDeliveryKey(deliveryKey)), vectors.deliveryKeyHash);
    t.equal(createHash('sha256').update(deliveryKey).digest('hex'), vectors.deliveryKeyHash);
    t.equal(hexText(Vault.derivePasskeyWrapKey(hexBytes(vectors.prfOutput))), vectors.passkeyWrapKey);
    t.equal(derive(vectors.prfOutput, 'Tacet/passkey-wrap-key/v1'), vectors.passkeyWrapKey);
    const publicKey = accountKey.getPublicKey();
    t.equal(hexText(Vault.hashAccountKey(publicKey)), vectors.accountKeyHash);
    t.equal(hash('Tacet/account-key-hash/v1', publicKey.serialize()), vectors.accountKeyHash);
    t.equal(hexText(Vault.hashRecord(hexBytes(vectors.record))), vectors.recordHash);
    t.equal(hash('Tacet/record-hash/v1', hexBytes(vectors.record)), vectors.recordHash);
    const fields = Buffer.concat([account, publicKey.serialize()]);
    const mac = createHmac('sha256', inviteSecret)
      .update(labelledBytes('Tacet/invite-answer/v1', fields))
      .digest('hex');
    t.equal(hexText(Vault.inviteMac(inviteSecret, { account, accountKey: publicKey })), vectors.inviteMac);
    t.equal(mac, vectors.inviteMac);
    t.end();
  },
);

t.test('labels are all different and of one form', (t) => {
  const labels = Object.values(Vault.LABELS);
  t.equal(new Set(labels).size, labels.length);
  for (const label of labels) t.match(label, /^Tacet\/[a-z]+(-[a-z]+)*\/v1$/);
  t.end();
});

t.test('docs/sealed-forms.md lists exactly the labels of the table', (t) => {
  const text = readFileSync(new URL('../../../docs/sealed-forms.md', import.meta.url), 'utf8');
  const written = readTable(text, 'Label').map(([label]) => label);
  const defined = Object.values(Vault.LABELS).map((label) => `\`${label}\``);
  t.equal(written.length, defined.length);
  t.strictSame(new Set(written), new Set(defined));
  t.end();
});

t.test('a labelled hash depends on label and bytes, and its parts do not run into each other', (t) => {
  const hash = (label: Vault.Label, text: string): string =>
    hexText(Vault.labelledHash(label, new TextEncoder().encode(text)));
  t.equal(
    hash('Tacet/chain-link/v1', 'x'),
    createHash('sha256').update('Tacet/chain-link/v1\0x').digest('hex'),
  );
  t.not(hash('Tacet/chain-link/v1', 'x'), hash('Tacet/chain-link/v2', 'x'));
  t.not(hash('Tacet/a/v1', '0'), hash('Tacet/a/v10', ''));
  t.ok(Vault.hasLabel('Tacet/a/v1', Vault.labelled('Tacet/a/v1')));
  t.notOk(Vault.hasLabel('Tacet/a/v1', Vault.labelled('Tacet/a/v10')));
  t.notOk(Vault.hasLabel('Tacet/a/v1', new Uint8Array(0)));
  t.end();
});

t.test('an invite answer is believed for that account, key and secret only', (t) => {
  const newcomer = { account, accountKey: accountKey.getPublicKey() };
  const mac = hexBytes(vectors.inviteMac);
  t.equal(Vault.verifyInviteMac(inviteSecret, newcomer, mac), true);
  const otherKey = PrivateKey.generate().getPublicKey();
  t.equal(Vault.verifyInviteMac(inviteSecret, { ...newcomer, accountKey: otherKey }, mac), false);
  t.equal(Vault.verifyInviteMac(inviteSecret, { ...newcomer, account: new Uint8Array(16) }, mac), false);
  t.equal(Vault.verifyInviteMac(Vault.generateKey<Vault.InviteSecret>(), newcomer, mac), false);
  for (const { at, bytes } of bitFlips(mac)) {
    t.equal(Vault.verifyInviteMac(inviteSecret, newcomer, bytes), false, `byte ${at} changed`);
  }
  for (const cut of truncations(mac)) t.equal(Vault.verifyInviteMac(inviteSecret, newcomer, cut), false);
  t.equal(Vault.verifyInviteMac(inviteSecret, newcomer, extended(mac, 0)), false);
  t.throws(
    () => Vault.inviteMac(inviteSecret, { ...newcomer, account: account.subarray(1) }),
    because('misuse'),
  );
  t.end();
});

t.test('the number and the words of an encounter count for both keys, code and nonces alone', (t) => {
  const inviter = { account, accountKey: accountKey.getPublicKey() };
  const newcomer = { account: new Uint8Array(16).fill(7), accountKey: PrivateKey.generate().getPublicKey() };
  const encounter = {
    code: new Uint8Array(16).fill(1),
    nonce: new Uint8Array(32).fill(2),
    answer: new Uint8Array(32).fill(3),
    inviter,
    newcomer,
  };
  const fields = [encounter.code, encounter.nonce, encounter.answer].concat(
    [inviter, newcomer].flatMap((side) => [side.account, side.accountKey.serialize()]),
  );
  const hmac = (label: string, ...more: readonly Uint8Array[]) =>
    createHmac('sha256', inviteSecret)
      .update(Buffer.concat([Buffer.from(`${label}\0`), ...fields, ...more]))
      .digest();
  const head = hmac('Tacet/encounter-number/v1').readUIntBE(0, 6);
  t.equal(Vault.encounterNumber(inviteSecret, encounter), String(head % 1_000_000).padStart(6, '0'));
  const word = Vault.encounterMac(inviteSecret, encounter, 'newcomer');
  t.equal(hexText(word), hmac('Tacet/encounter-confirm/v1', newcomer.account).toString('hex'));
  t.equal(Vault.verifyEncounterMac(inviteSecret, encounter, 'newcomer', word), true);
  t.equal(Vault.verifyEncounterMac(inviteSecret, encounter, 'inviter', word), false, 'not sent back');
  const others = [
    { ...encounter, code: new Uint8Array(16) },
    { ...encounter, nonce: new Uint8Array(32) },
    { ...encounter, answer: encounter.nonce },
    { ...encounter, inviter: { ...inviter, accountKey: newcomer.accountKey } },
    { ...encounter, newcomer: { ...newcomer, accountKey: inviter.accountKey } },
    { ...encounter, inviter: newcomer, newcomer: inviter },
  ];
  for (const other of others) {
    t.equal(Vault.verifyEncounterMac(inviteSecret, other, 'newcomer', word), false);
  }
  for (const { at, bytes } of bitFlips(word)) {
    t.equal(
      Vault.verifyEncounterMac(inviteSecret, encounter, 'newcomer', bytes),
      false,
      `byte ${at} changed`,
    );
  }
  for (const wrong of [
    { ...encounter, code: word },
    { ...encounter, nonce: encounter.code },
    { ...encounter, answer: encounter.code },
  ]) {
    t.throws(() => Vault.encounterNumber(inviteSecret, wrong), because('misuse'));
  }
  const committed = createHash('sha256').update('Tacet/encounter-nonce/v1\0').update(encounter.nonce);
  t.equal(hexText(Vault.encounterCommitment(encounter.nonce)), committed.digest('hex'));
  t.end();
});

/** Node's own key object of a raw Ed25519 public key (SubjectPublicKeyInfo of RFC 8410). */
function nodeKey(raw: Uint8Array) {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

t.test("login and session signatures are Ed25519 as Node's own crypto makes and checks them", (t) => {
  const pair = Vault.signingKeyPair(hexBytes(vectors.loginSeed));
  t.equal(hexText(pair.publicKey), vectors.loginKey);
  const signed = hexBytes(vectors.signed);
  const signature = Vault.signWithKeyPair(pair, 'Tacet/device-list/v1', signed);
  t.equal(hexText(signature), vectors.signature, 'Ed25519 is deterministic');
  t.equal(verify(undefined, signed, nodeKey(pair.publicKey), signature), true);
  const seed = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), pair.seed]);
  const theirs = sign(undefined, signed, { key: seed, format: 'der', type: 'pkcs8' });
  t.equal(hexText(theirs), vectors.signature);
  t.equal(Vault.verifyWithPublicKey(pair.publicKey, 'Tacet/device-list/v1', signed, theirs), true);
  t.end();
});

t.test('fresh key pairs differ and sign', (t) => {
  const one = Vault.generateSigningKeyPair();
  const two = Vault.generateSigningKeyPair();
  t.notSame(one.seed, two.seed);
  const bytes = Vault.labelled('Tacet/login/v1', plaintext);
  const signature = Vault.signWithKeyPair(one, 'Tacet/login/v1', bytes);
  t.equal(Vault.verifyWithPublicKey(one.publicKey, 'Tacet/login/v1', bytes, signature), true);
  t.equal(Vault.verifyWithPublicKey(two.publicKey, 'Tacet/login/v1', bytes, signature), false);
  t.end();
});

t.test('neither kind of key signs or accepts bytes without the label of the purpose', (t) => {
  const label = 'Tacet/device-list/v1';
  const pair = Vault.generateSigningKeyPair();
  const bytes = Vault.labelled(label, plaintext);
  const edSignature = Vault.signWithKeyPair(pair, label, bytes);
  const xedSignature = Vault.signLabelled(accountKey, label, bytes);
  const publicKey = accountKey.getPublicKey();
  t.equal(Vault.verifyLabelled(publicKey, label, bytes, xedSignature), true);
  const bare: readonly (readonly [Vault.Label, Uint8Array])[] = [
    ['Tacet/device-statement/v1', bytes],
    [label, plaintext],
    [label, new Uint8Array(0)],
    [label, Vault.labelled('Tacet/device-list/v10', plaintext)],
  ];
  for (const [wanted, given] of bare) {
    t.throws(() => Vault.signWithKeyPair(pair, wanted, given), because('misuse'));
    t.throws(() => Vault.signLabelled(accountKey, wanted, given), because('misuse'));
    t.equal(Vault.verifyWithPublicKey(pair.publicKey, wanted, given, edSignature), false);
    t.equal(Vault.verifyLabelled(publicKey, wanted, given, xedSignature), false);
  }
  const unlabelled = accountKey.sign(plaintext);
  t.equal(publicKey.verify(plaintext, unlabelled), true);
  t.equal(
    Vault.verifyLabelled(publicKey, label, plaintext, unlabelled),
    false,
    'a signature without a label',
  );
  t.end();
});

t.test('a signature with a changed, missing or added byte does not verify, whichever kind', (t) => {
  const label = 'Tacet/device-list/v1';
  const pair = Vault.generateSigningKeyPair();
  const bytes = Vault.labelled(label, plaintext);
  const publicKey = accountKey.getPublicKey();
  const checks = [
    {
      signature: Vault.signWithKeyPair(pair, label, bytes),
      check: (message: Uint8Array, signature: Uint8Array) =>
        Vault.verifyWithPublicKey(pair.publicKey, label, message, signature),
    },
    {
      signature: Vault.signLabelled(accountKey, label, bytes),
      check: (message: Uint8Array, signature: Uint8Array) =>
        Vault.verifyLabelled(publicKey, label, message, signature),
    },
  ];
  for (const { signature, check } of checks) {
    t.equal(check(bytes, signature), true);
    for (const { at, bytes: flipped } of bitFlips(signature))
      t.equal(check(bytes, flipped), false, `byte ${at}`);
    for (const { at, bytes: flipped } of bitFlips(bytes))
      t.equal(check(flipped, signature), false, `byte ${at}`);
    for (const cut of truncations(signature)) t.equal(check(bytes, cut), false);
    t.equal(check(bytes, extended(signature, 0)), false);
    t.equal(check(extended(bytes, 0), signature), false);
  }
  t.equal(Vault.verifyWithPublicKey(new Uint8Array(31), label, bytes, new Uint8Array(64)), false);
  t.equal(
    Vault.verifyWithPublicKey(new Uint8Array(32), label, bytes, new Uint8Array(64)),
    false,
    'no key at all',
  );
  t.end();
});
