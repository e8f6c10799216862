// Portable cases: run unchanged in Node and, bundled, in a browser. Each op of a session case = encrypt on one side + decrypt and compare on the other.
import sodium from 'libsodium-wrappers';
import sumo from 'libsodium-wrappers-sumo';
import { x25519, ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { argon2id } from '@noble/hashes/argon2.js';
import { gcm, cbc } from '@noble/ciphers/aes.js';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import * as age from 'age-encryption';
import * as sig from '@privacyresearch/libsignal-protocol-typescript';
import * as mls from 'ts-mls';

const rnd = (n) => {
  const b = new Uint8Array(n);
  for (let o = 0; o < n; o += 65536) globalThis.crypto.getRandomValues(b.subarray(o, Math.min(n, o + 65536)));
  return b;
};
const S = globalThis.crypto.subtle;
const MSG = rnd(200);
const eq = (a, b) => {
  if (a.length !== b.length || a[0] !== b[0] || a[a.length - 1] !== b[b.length - 1])
    throw new Error('mismatch');
};
export const env = { olm: null, olmOpts: {}, matrix: null, corecrypto: null }; // set by the runner

export const cases = [];
const add = (g, name, o) => cases.push({ g, name, ...o });

// ---------- 1:1 sessions, 200-byte messages ----------
function sigStore(kp, reg) {
  const m = new Map();
  const get = (k) => m.get(k);
  return {
    getIdentityKeyPair: async () => kp,
    getLocalRegistrationId: async () => reg,
    isTrustedIdentity: async () => true,
    saveIdentity: async () => false,
    loadIdentityKey: async () => undefined,
    loadPreKey: async (i) => get('p' + i),
    storePreKey: async (i, k) => {
      m.set('p' + i, k);
    },
    removePreKey: async (i) => {
      m.delete('p' + i);
    },
    loadSignedPreKey: async (i) => get('s' + i),
    storeSignedPreKey: async (i, k) => {
      m.set('s' + i, k);
    },
    removeSignedPreKey: async () => {},
    loadSession: async (i) => get('x' + i),
    storeSession: async (i, r) => {
      m.set('x' + i, r);
    },
    removeSession: async () => {},
    removeAllSessions: async () => {},
  };
}
async function sigPair() {
  const ai = await sig.KeyHelper.generateIdentityKeyPair(),
    bi = await sig.KeyHelper.generateIdentityKeyPair();
  const A = sigStore(ai, 1),
    B = sigStore(bi, 2);
  const pk = await sig.KeyHelper.generatePreKey(1),
    spk = await sig.KeyHelper.generateSignedPreKey(bi, 1);
  await B.storePreKey(1, pk.keyPair);
  await B.storeSignedPreKey(1, spk.keyPair);
  const aA = new sig.SignalProtocolAddress('a', 1),
    bA = new sig.SignalProtocolAddress('b', 1);
  await new sig.SessionBuilder(A, bA).processPreKey({
    registrationId: 2,
    identityKey: bi.pubKey,
    signedPreKey: { keyId: 1, publicKey: spk.keyPair.pubKey, signature: spk.signature },
    preKey: { keyId: 1, publicKey: pk.keyPair.pubKey },
  });
  const ab = new sig.SessionCipher(A, bA),
    ba = new sig.SessionCipher(B, aA);
  const c = await ab.encrypt(MSG.buffer.slice(0));
  await ba.decryptPreKeyWhisperMessage(c.body, 'binary');
  const d = await ba.encrypt(MSG.buffer.slice(0));
  await ab.decryptWhisperMessage(d.body, 'binary');
  return { ab, ba };
}
const sigOp = async (a, b) => {
  const c = await a.encrypt(MSG.buffer.slice(0));
  eq(new Uint8Array(await b.decryptWhisperMessage(c.body, 'binary')), MSG);
};
add('session 1:1', 'libsignal-protocol-typescript one-way', { setup: sigPair, op: (s) => sigOp(s.ab, s.ba) });
add('session 1:1', 'libsignal-protocol-typescript ping-pong', {
  setup: sigPair,
  op: (s, i) => (i % 2 ? sigOp(s.ab, s.ba) : sigOp(s.ba, s.ab)),
});
add('session set-up', 'libsignal-protocol-typescript X3DH + first message', { op: sigPair, ms: 600 });

async function olmPair() {
  const O = env.olm;
  await O.init(env.olmOpts);
  const a = new O.Account(),
    b = new O.Account();
  a.create();
  b.create();
  b.generate_one_time_keys(1);
  const s = new O.Session();
  s.create_outbound(
    a,
    JSON.parse(b.identity_keys()).curve25519,
    Object.values(JSON.parse(b.one_time_keys()).curve25519)[0],
  );
  const txt = btoa(String.fromCharCode(...MSG.subarray(0, 150)));
  const m = s.encrypt(txt);
  const t = new O.Session();
  t.create_inbound(b, m.body);
  t.decrypt(m.type, m.body);
  const r = t.encrypt(txt);
  s.decrypt(r.type, r.body);
  return { s, t, txt };
}
const olmOp = (a, b, txt) => {
  const m = a.encrypt(txt);
  if (b.decrypt(m.type, m.body) !== txt) throw new Error('mismatch');
};
add('session 1:1', 'olm 3.2.15 (WASM) one-way', { setup: olmPair, op: (x) => olmOp(x.s, x.t, x.txt) });
add('session 1:1', 'olm 3.2.15 (WASM) ping-pong', {
  setup: olmPair,
  op: (x, i) => (i % 2 ? olmOp(x.s, x.t, x.txt) : olmOp(x.t, x.s, x.txt)),
});
add('group', 'olm Megolm encrypt + 1 decrypt', {
  setup: async () => {
    const O = env.olm;
    await O.init(env.olmOpts);
    const o = new O.OutboundGroupSession();
    o.create();
    const i = new O.InboundGroupSession();
    i.create(o.session_key());
    return { o, i, txt: btoa(String.fromCharCode(...MSG.subarray(0, 150))) };
  },
  op: (x) => {
    if (x.i.decrypt(x.o.encrypt(x.txt)).plaintext !== x.txt) throw new Error('mismatch');
  },
});

async function matrixRoom() {
  const M = env.matrix;
  if (M.initAsync) await M.initAsync();
  const U = ['@a:x', '@b:x'].map((u) => new M.UserId(u));
  const mk = (i) => M.OlmMachine.initialize(U[i], new M.DeviceId('D' + i));
  const a = await mk(0),
    b = await mk(1);
  const up = {};
  const otk = {};
  for (const [m, u, d] of [
    [a, '@a:x', 'D0'],
    [b, '@b:x', 'D1'],
  ])
    for (const r of await m.outgoingRequests())
      if (r.type === M.RequestType.KeysUpload) {
        const j = JSON.parse(r.body);
        up[u] = { [d]: j.device_keys };
        otk[u] = { d, k: j.one_time_keys };
        await m.markRequestAsSent(
          r.id,
          r.type,
          JSON.stringify({ one_time_key_counts: { signed_curve25519: Object.keys(j.one_time_keys).length } }),
        );
      }
  for (const m of [a, b]) {
    await m.updateTrackedUsers(U.map((x) => x.clone()));
    const q = m.queryKeysForUsers(U.map((x) => x.clone()));
    await m.markRequestAsSent(q.id, q.type, JSON.stringify({ device_keys: up, failures: {} }));
  }
  const cl = await a.getMissingSessions([U[1].clone()]);
  const [kid, kv] = Object.entries(otk['@b:x'].k)[0];
  await a.markRequestAsSent(
    cl.id,
    cl.type,
    JSON.stringify({ one_time_keys: { '@b:x': { D1: { [kid]: kv } } }, failures: {} }),
  );
  const room = new M.RoomId('!r:x');
  const es = new M.EncryptionSettings();
  es.rotationPeriodMessages = 100000000n;
  const evs = [];
  for (const r of await a.shareRoomKey(
    room.clone ? room.clone() : new M.RoomId('!r:x'),
    [U[1].clone()],
    es,
  )) {
    const j = JSON.parse(r.body);
    const c = j.messages['@b:x']?.D1;
    if (c) evs.push({ type: r.event_type, sender: '@a:x', content: c });
    await a.markRequestAsSent(r.id, r.type, '{}');
  }
  const ds = () => new M.DecryptionSettings(M.TrustRequirement.Untrusted);
  await b.receiveSyncChanges(
    JSON.stringify(evs),
    new M.DeviceLists(),
    new Map([['signed_curve25519', 49]]),
    undefined,
    ds(),
  );
  return {
    M,
    a,
    b,
    ds,
    text: JSON.stringify({ msgtype: 'm.text', body: btoa(String.fromCharCode(...MSG.subarray(0, 150))) }),
  };
}
add('group', 'matrix-sdk-crypto-wasm (vodozemac) room event encrypt + decrypt, memory store', {
  setup: matrixRoom,
  op: async ({ M, a, b, ds, text }, i) => {
    const e = await a.encryptRoomEvent(new M.RoomId('!r:x'), 'm.room.message', text);
    const d = await b.decryptRoomEvent(
      JSON.stringify({
        type: 'm.room.encrypted',
        event_id: '$' + i + ':x',
        room_id: '!r:x',
        sender: '@a:x',
        origin_server_ts: 1,
        content: JSON.parse(e),
        unsigned: {},
      }),
      new M.RoomId('!r:x'),
      ds(),
    );
    if (!d.event) throw new Error('no event');
  },
});

async function wirePair() {
  const W = env.corecrypto;
  await W.initWasmModule(env.corecryptoWasm);
  const mk = async () => W.CoreCrypto.new(await W.Database.inMemory());
  const a = await mk(),
    b = await mk();
  await a.transaction((c) => c.proteusInit());
  await b.transaction((c) => c.proteusInit());
  const pk = await b.transaction((c) => c.proteusNewPrekey(1));
  await a.transaction((c) => c.proteusSessionFromPrekey('b', pk));
  const m = await a.transaction((c) => c.proteusEncrypt('b', MSG));
  await b.transaction((c) => c.proteusSessionFromMessage('a', m));
  const r = await b.transaction((c) => c.proteusEncrypt('a', MSG));
  await a.transaction((c) => c.proteusDecrypt('b', r));
  return { a, b };
}
const wireOp = async (x, xs, y, ys) => {
  const m = await x.transaction((c) => c.proteusEncrypt(xs, MSG));
  eq(await y.transaction((c) => c.proteusDecrypt(ys, m)), MSG);
};
add('session 1:1', 'wire core-crypto Proteus (WASM, memory store) one-way', {
  setup: wirePair,
  op: (s) => wireOp(s.a, 'b', s.b, 'a'),
});
add('session 1:1', 'wire core-crypto Proteus (WASM, memory store) ping-pong', {
  setup: wirePair,
  op: (s, i) => (i % 2 ? wireOp(s.a, 'b', s.b, 'a') : wireOp(s.b, 'a', s.a, 'b')),
});

async function mlsGroup(n) {
  const impl = await mls.getCiphersuiteImpl(
    mls.getCiphersuiteFromName('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'),
  );
  const te = new TextEncoder();
  const mk = (i) =>
    mls.generateKeyPackage(
      { credentialType: 'basic', identity: te.encode('u' + i) },
      mls.defaultCapabilities(),
      mls.defaultLifetime,
      [],
      impl,
    );
  const a = await mk(0);
  let A = await mls.createGroup(te.encode('g'), a.publicPackage, a.privatePackage, [], impl);
  const ms = [];
  for (let i = 1; i < n; i++) ms.push(await mk(i));
  const r = await mls.createCommit(
    { state: A, cipherSuite: impl },
    { extraProposals: ms.map((m) => ({ proposalType: 'add', add: { keyPackage: m.publicPackage } })) },
  );
  A = r.newState;
  const B = await mls.joinGroup(
    r.welcome,
    ms[0].publicPackage,
    ms[0].privatePackage,
    mls.emptyPskIndex,
    impl,
    A.ratchetTree,
  );
  return { A, B, impl };
}
const mlsOp = async (s) => {
  const c = await mls.createApplicationMessage(s.A, MSG, s.impl);
  s.A = c.newState;
  const d = await mls.processPrivateMessage(s.B, c.privateMessage, mls.emptyPskIndex, s.impl);
  s.B = d.newState;
  eq(d.message, MSG);
};
add('group', 'ts-mls encrypt + 1 decrypt, 2 members', { setup: () => mlsGroup(2), op: mlsOp });
add('group', 'ts-mls encrypt + 1 decrypt, 32 members', { setup: () => mlsGroup(32), op: mlsOp });
add('group', 'ts-mls update commit, 32 members', {
  setup: () => mlsGroup(32),
  op: async (s) => {
    s.A = (await mls.createCommit({ state: s.A, cipherSuite: s.impl })).newState;
  },
});

// ---------- primitives ----------
const sod = async () => {
  await sodium.ready;
  return sodium;
};
add('X25519 DH', 'libsodium', {
  setup: async () => {
    const s = await sod();
    return { s, sk: rnd(32), pk: s.crypto_scalarmult_base(rnd(32)) };
  },
  op: (x) => x.s.crypto_scalarmult(x.sk, x.pk),
});
add('X25519 DH', 'noble', {
  setup: () => ({ sk: rnd(32), pk: x25519.getPublicKey(rnd(32)) }),
  op: (x) => x25519.getSharedSecret(x.sk, x.pk),
});
add('X25519 DH', 'WebCrypto', {
  setup: async () => ({
    a: await S.generateKey({ name: 'X25519' }, false, ['deriveBits']),
    b: await S.generateKey({ name: 'X25519' }, false, ['deriveBits']),
  }),
  op: (x) => S.deriveBits({ name: 'X25519', public: x.b.publicKey }, x.a.privateKey, 256),
});
add('X25519 keygen', 'libsodium', { setup: sod, op: (s) => s.crypto_box_keypair() });
add('X25519 keygen', 'noble', { op: () => x25519.keygen() });
add('X25519 keygen', 'WebCrypto', { op: () => S.generateKey({ name: 'X25519' }, true, ['deriveBits']) });
add('Ed25519 verify', 'libsodium', {
  setup: async () => {
    const s = await sod();
    const k = s.crypto_sign_keypair();
    return { s, k, g: s.crypto_sign_detached(MSG, k.privateKey) };
  },
  op: (x) => {
    if (!x.s.crypto_sign_verify_detached(x.g, MSG, x.k.publicKey)) throw new Error('bad');
  },
});
add('Ed25519 verify', 'noble', {
  setup: () => {
    const k = ed25519.keygen();
    return { k, g: ed25519.sign(MSG, k.secretKey) };
  },
  op: (x) => {
    if (!ed25519.verify(x.g, MSG, x.k.publicKey)) throw new Error('bad');
  },
});
add('Ed25519 verify', 'WebCrypto', {
  setup: async () => {
    const k = await S.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
    return { k, g: await S.sign('Ed25519', k.privateKey, MSG) };
  },
  op: (x) => S.verify('Ed25519', x.k.publicKey, x.g, MSG),
});
add('Ed25519 sign', 'libsodium', {
  setup: async () => {
    const s = await sod();
    return { s, k: s.crypto_sign_keypair() };
  },
  op: (x) => x.s.crypto_sign_detached(MSG, x.k.privateKey),
});
add('Ed25519 sign', 'noble', { setup: () => ed25519.keygen(), op: (k) => ed25519.sign(MSG, k.secretKey) });
add('Ed25519 sign', 'WebCrypto', {
  setup: () => S.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']),
  op: (k) => S.sign('Ed25519', k.privateKey, MSG),
});
const K32 = rnd(32),
  INFO = rnd(16),
  SALT = rnd(32);
add('HKDF-SHA256 32->80', 'noble', { op: () => hkdf(sha256, K32, SALT, INFO, 80) });
add('HKDF-SHA256 32->80', 'libsodium (hmac x4)', {
  setup: async () => {
    await sumo.ready;
    return sumo;
  },
  op: (s) => {
    const prk = s.crypto_auth_hmacsha256(K32, SALT);
    const a = s.crypto_auth_hmacsha256(INFO, prk);
    const b = s.crypto_auth_hmacsha256(a, prk);
    s.crypto_auth_hmacsha256(b, prk);
  },
});
add('HKDF-SHA256 32->80', 'WebCrypto (import each time)', {
  op: async () =>
    S.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt: SALT, info: INFO },
      await S.importKey('raw', K32, 'HKDF', false, ['deriveBits']),
      640,
    ),
});
add('HMAC-SHA256 256 B', 'noble', { setup: () => rnd(256), op: (m) => hmac(sha256, K32, m) });
add('HMAC-SHA256 256 B', 'libsodium', {
  setup: async () => {
    await sumo.ready;
    return { s: sumo, m: rnd(256) };
  },
  op: (x) => x.s.crypto_auth_hmacsha256(x.m, K32),
});
add('HMAC-SHA256 256 B', 'WebCrypto (import each time)', {
  setup: () => rnd(256),
  op: async (m) =>
    S.sign('HMAC', await S.importKey('raw', K32, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']), m),
});
add('AES-256-CBC 208 B enc+dec', 'noble', {
  setup: () => rnd(16),
  op: (iv) => cbc(K32, iv).decrypt(cbc(K32, iv).encrypt(MSG)),
});
add('AES-256-CBC 208 B enc+dec', 'WebCrypto (import each time)', {
  setup: () => rnd(16),
  op: async (iv) => {
    const k = await S.importKey('raw', K32, 'AES-CBC', false, ['encrypt', 'decrypt']);
    return S.decrypt({ name: 'AES-CBC', iv }, k, await S.encrypt({ name: 'AES-CBC', iv }, k, MSG));
  },
});
add('AES-256-GCM 200 B enc+dec', 'noble', {
  setup: () => rnd(12),
  op: (iv) => gcm(K32, iv).decrypt(gcm(K32, iv).encrypt(MSG)),
});
add('AES-256-GCM 200 B enc+dec', 'WebCrypto (import each time)', {
  setup: () => rnd(12),
  op: async (iv) => {
    const k = await S.importKey('raw', K32, 'AES-GCM', false, ['encrypt', 'decrypt']);
    return S.decrypt({ name: 'AES-GCM', iv }, k, await S.encrypt({ name: 'AES-GCM', iv }, k, MSG));
  },
});
add('XChaCha20-Poly1305 200 B enc+dec', 'noble', {
  setup: () => rnd(24),
  op: (n) => xchacha20poly1305(K32, n).decrypt(xchacha20poly1305(K32, n).encrypt(MSG)),
});
add('XChaCha20-Poly1305 200 B enc+dec', 'libsodium', {
  setup: async () => ({ s: await sod(), n: rnd(24) }),
  op: (x) =>
    x.s.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      x.s.crypto_aead_xchacha20poly1305_ietf_encrypt(MSG, null, null, x.n, K32),
      null,
      x.n,
      K32,
    ),
});
for (const [nm, kem] of [
  ['ML-KEM-768', ml_kem768],
  ['ML-KEM-1024', ml_kem1024],
]) {
  add(nm + ' keygen', 'noble', { op: () => kem.keygen() });
  add(nm + ' encap', 'noble', { setup: () => kem.keygen(), op: (k) => kem.encapsulate(k.publicKey) });
  add(nm + ' decap', 'noble', {
    setup: () => {
      const k = kem.keygen();
      return { k, c: kem.encapsulate(k.publicKey).cipherText };
    },
    op: (x) => kem.decapsulate(x.c, x.k.secretKey),
  });
  add(nm + ' keygen', 'WebCrypto', {
    op: () => S.generateKey({ name: nm }, true, ['encapsulateBits', 'decapsulateBits']),
  });
  add(nm + ' encap', 'WebCrypto', {
    setup: () => S.generateKey({ name: nm }, true, ['encapsulateBits', 'decapsulateBits']),
    op: (k) => S.encapsulateBits({ name: nm }, k.publicKey),
  });
  add(nm + ' decap', 'WebCrypto', {
    setup: async () => {
      const k = await S.generateKey({ name: nm }, true, ['encapsulateBits', 'decapsulateBits']);
      return { k, c: (await S.encapsulateBits({ name: nm }, k.publicKey)).ciphertext };
    },
    op: (x) => S.decapsulateBits({ name: nm }, x.k.privateKey, x.c),
  });
}
add('Argon2id 64 MiB t=3 p=1', 'libsodium-sumo', {
  reps: 5,
  ms: 1,
  setup: async () => {
    await sumo.ready;
    return { s: sumo, salt: rnd(16) };
  },
  op: (x) =>
    x.s.crypto_pwhash(32, 'correct horse battery', x.salt, 3, 64 * 1048576, x.s.crypto_pwhash_ALG_ARGON2ID13),
});
add('Argon2id 64 MiB t=3 p=1', 'noble', {
  reps: 3,
  ms: 1,
  op: () => argon2id('correct horse battery', SALT, { t: 3, m: 65536, p: 1, dkLen: 32 }),
});

// ---------- file encryption ----------
const FILE = 16 << 20;
for (const [nm, cs] of [
  ['64 KiB', 65536],
  ['1 MiB', 1 << 20],
]) {
  const N = FILE / cs;
  add('file encrypt', `libsodium secretstream ${nm} chunks`, {
    bytes: FILE,
    setup: async () => ({ s: await sod(), b: rnd(cs) }),
    op: ({ s, b }) => {
      const st = s.crypto_secretstream_xchacha20poly1305_init_push(K32);
      for (let i = 0; i < N; i++) s.crypto_secretstream_xchacha20poly1305_push(st.state, b, null, 0);
    },
  });
  add('file decrypt', `libsodium secretstream ${nm} chunks`, {
    bytes: FILE,
    setup: async () => {
      const s = await sod();
      const st = s.crypto_secretstream_xchacha20poly1305_init_push(K32);
      const b = rnd(cs);
      return {
        s,
        h: st.header,
        c: Array.from({ length: N }, () =>
          s.crypto_secretstream_xchacha20poly1305_push(st.state, b, null, 0),
        ),
      };
    },
    op: ({ s, h, c }) => {
      const st = s.crypto_secretstream_xchacha20poly1305_init_pull(h, K32);
      for (const x of c)
        if (!s.crypto_secretstream_xchacha20poly1305_pull(st, x, null)) throw new Error('bad');
    },
  });
  add('file encrypt', `WebCrypto AES-256-GCM ${nm} chunks, sequential`, {
    bytes: FILE,
    setup: async () => ({
      k: await S.importKey('raw', K32, 'AES-GCM', false, ['encrypt', 'decrypt']),
      b: rnd(cs),
    }),
    op: async ({ k, b }) => {
      const iv = new Uint8Array(12);
      for (let i = 0; i < N; i++) {
        iv[0] = i;
        iv[1] = i >> 8;
        await S.encrypt({ name: 'AES-GCM', iv }, k, b);
      }
    },
  });
  add('file encrypt', `WebCrypto AES-256-GCM ${nm} chunks, 4 in flight`, {
    bytes: FILE,
    setup: async () => ({
      k: await S.importKey('raw', K32, 'AES-GCM', false, ['encrypt', 'decrypt']),
      b: rnd(cs),
    }),
    op: async ({ k, b }) => {
      let n = 0;
      await Promise.all(
        [0, 1, 2, 3].map(async () => {
          while (n < N) {
            const i = n++;
            const iv = new Uint8Array(12);
            iv[0] = i;
            iv[1] = i >> 8;
            await S.encrypt({ name: 'AES-GCM', iv }, k, b);
          }
        }),
      );
    },
  });
  add('file decrypt', `WebCrypto AES-256-GCM ${nm} chunks, sequential`, {
    bytes: FILE,
    setup: async () => {
      const k = await S.importKey('raw', K32, 'AES-GCM', false, ['encrypt', 'decrypt']);
      const b = rnd(cs);
      const c = [];
      for (let i = 0; i < N; i++) {
        const iv = new Uint8Array(12);
        iv[0] = i;
        iv[1] = i >> 8;
        c.push([iv, await S.encrypt({ name: 'AES-GCM', iv }, k, b)]);
      }
      return { k, c };
    },
    op: async ({ k, c }) => {
      for (const [iv, x] of c) await S.decrypt({ name: 'AES-GCM', iv }, k, x);
    },
  });
}
add('file encrypt', 'WebCrypto AES-256-CBC + HMAC-SHA256 whole 16 MiB (Signal attachment form)', {
  bytes: FILE,
  setup: async () => ({
    k: await S.importKey('raw', K32, 'AES-CBC', false, ['encrypt']),
    h: await S.importKey('raw', K32, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
    b: rnd(FILE),
  }),
  op: async ({ k, h, b }) =>
    S.sign('HMAC', h, await S.encrypt({ name: 'AES-CBC', iv: SALT.slice(0, 16) }, k, b)),
});
add('file encrypt', 'age-encryption (X25519 recipient) whole 16 MiB', {
  bytes: FILE,
  reps: 3,
  setup: async () => {
    const id = await age.generateIdentity();
    const e = new age.Encrypter();
    e.addRecipient(await age.identityToRecipient(id));
    return { e, b: rnd(FILE) };
  },
  op: ({ e, b }) => e.encrypt(b),
});
add('file encrypt', 'noble xchacha20poly1305 1 MiB chunks', {
  bytes: FILE,
  reps: 3,
  setup: () => rnd(1 << 20),
  op: (b) => {
    for (let i = 0; i < 16; i++) xchacha20poly1305(K32, SALT.subarray(0, 24)).encrypt(b);
  },
});
add('hash', 'WebCrypto SHA-256 16 MiB', {
  bytes: FILE,
  setup: () => rnd(FILE),
  op: (b) => S.digest('SHA-256', b),
});
add('hash', 'noble SHA-256 4 MiB (streaming form)', {
  bytes: 4 << 20,
  setup: () => rnd(4 << 20),
  op: (b) => {
    sha256(b);
  },
});
add('hash', 'libsodium BLAKE2b 16 MiB (streaming form)', {
  bytes: FILE,
  setup: async () => ({ s: await sod(), b: rnd(FILE) }),
  op: ({ s, b }) => {
    s.crypto_generichash(32, b);
  },
});
