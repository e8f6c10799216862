// Node-only cases: @signalapp/libsignal-client (native) and node:crypto.
import * as L from '@signalapp/libsignal-client';
import nc from 'node:crypto';
export const cases = [];
const add = (g, name, o) => cases.push({ g, name, ...o });
const MSG = nc.randomBytes(200);
class Sess extends L.SessionStore {
  constructor() {
    super();
    this.m = new Map();
  }
  async saveSession(a, r) {
    this.m.set(a.toString(), r.serialize());
  }
  async getSession(a) {
    const b = this.m.get(a.toString());
    return b ? L.SessionRecord.deserialize(b) : null;
  }
  async getExistingSessions(as) {
    return as.map((a) => L.SessionRecord.deserialize(this.m.get(a.toString())));
  }
}
class Ident extends L.IdentityKeyStore {
  constructor(r) {
    super();
    this.k = L.IdentityKeyPair.generate();
    this.r = r;
    this.m = new Map();
  }
  async getIdentityKey() {
    return this.k.privateKey;
  }
  async getIdentityKeyPair() {
    return this.k;
  }
  async getLocalRegistrationId() {
    return this.r;
  }
  async saveIdentity(a, k) {
    this.m.set(a.toString(), k);
    return L.IdentityChange?.NewOrUnchanged ?? 0;
  }
  async isTrustedIdentity() {
    return true;
  }
  async getIdentity(a) {
    return this.m.get(a.toString()) ?? null;
  }
}
class Pre extends L.PreKeyStore {
  constructor() {
    super();
    this.m = new Map();
  }
  async savePreKey(i, r) {
    this.m.set(i, r.serialize());
  }
  async getPreKey(i) {
    return L.PreKeyRecord.deserialize(this.m.get(i));
  }
  async removePreKey(i) {
    this.m.delete(i);
  }
}
class SPre extends L.SignedPreKeyStore {
  constructor() {
    super();
    this.m = new Map();
  }
  async saveSignedPreKey(i, r) {
    this.m.set(i, r.serialize());
  }
  async getSignedPreKey(i) {
    return L.SignedPreKeyRecord.deserialize(this.m.get(i));
  }
}
class Kyb extends L.KyberPreKeyStore {
  constructor() {
    super();
    this.m = new Map();
  }
  async saveKyberPreKey(i, r) {
    this.m.set(i, r.serialize());
  }
  async getKyberPreKey(i) {
    return L.KyberPreKeyRecord.deserialize(this.m.get(i));
  }
  async markKyberPreKeyUsed() {}
}
class SK extends L.SenderKeyStore {
  constructor() {
    super();
    this.m = new Map();
  }
  async saveSenderKey(s, d, r) {
    this.m.set(s.toString() + d, r.serialize());
  }
  async getSenderKey(s, d) {
    const b = this.m.get(s.toString() + d);
    return b ? L.SenderKeyRecord.deserialize(b) : null;
  }
}
const AA = L.ProtocolAddress.new('11111111-1111-4111-8111-111111111111', 1),
  BB = L.ProtocolAddress.new('22222222-2222-4222-8222-222222222222', 1);
async function pair() {
  const A = { s: new Sess(), i: new Ident(1) },
    B = { s: new Sess(), i: new Ident(2), p: new Pre(), sp: new SPre(), k: new Kyb() };
  const pk = L.PrivateKey.generate(),
    spk = L.PrivateKey.generate();
  const sg = B.i.k.privateKey.sign(spk.getPublicKey().serialize());
  const kp = L.KEMKeyPair.generate(),
    ksg = B.i.k.privateKey.sign(kp.getPublicKey().serialize());
  await B.p.savePreKey(1, L.PreKeyRecord.new(1, pk.getPublicKey(), pk));
  await B.sp.saveSignedPreKey(1, L.SignedPreKeyRecord.new(1, Date.now(), spk.getPublicKey(), spk, sg));
  await B.k.saveKyberPreKey(1, L.KyberPreKeyRecord.new(1, Date.now(), kp, ksg));
  const bundle = L.PreKeyBundle.new(
    2,
    1,
    1,
    pk.getPublicKey(),
    1,
    spk.getPublicKey(),
    sg,
    B.i.k.publicKey,
    1,
    kp.getPublicKey(),
    ksg,
  );
  await L.processPreKeyBundle(bundle, BB, AA, A.s, A.i);
  const m = await L.signalEncrypt(MSG, BB, AA, A.s, A.i);
  await L.signalDecryptPreKey(
    L.PreKeySignalMessage.deserialize(m.serialize()),
    AA,
    BB,
    B.s,
    B.i,
    B.p,
    B.sp,
    B.k,
  );
  const r = await L.signalEncrypt(MSG, AA, BB, B.s, B.i);
  await L.signalDecrypt(L.SignalMessage.deserialize(r.serialize()), BB, AA, A.s, A.i);
  return { A, B };
}
const op = async (X, Y, ax, ay) => {
  const m = await L.signalEncrypt(MSG, ay, ax, X.s, X.i);
  const d = await L.signalDecrypt(L.SignalMessage.deserialize(m.serialize()), ax, ay, Y.s, Y.i);
  if (Buffer.compare(Buffer.from(d), MSG)) throw new Error('mismatch');
};
add('session 1:1', '@signalapp/libsignal-client native (PQXDH + SPQR) one-way', {
  setup: pair,
  op: (s) => op(s.A, s.B, AA, BB),
});
add('session 1:1', '@signalapp/libsignal-client native (PQXDH + SPQR) ping-pong', {
  setup: pair,
  op: (s, i) => (i % 2 ? op(s.A, s.B, AA, BB) : op(s.B, s.A, BB, AA)),
});
add('session set-up', '@signalapp/libsignal-client PQXDH keys + first message each way', {
  op: pair,
  ms: 600,
});
add('group', '@signalapp/libsignal-client sender key encrypt + 1 decrypt', {
  setup: async () => {
    const d = '33333333-3333-4333-8333-333333333333';
    const a = new SK(),
      b = new SK();
    const sd = await L.SenderKeyDistributionMessage.create(AA, d, a);
    await L.processSenderKeyDistributionMessage(AA, sd, b);
    return { a, b, d };
  },
  op: async ({ a, b, d }) => {
    const c = await L.groupEncrypt(AA, d, a, MSG);
    const p = await L.groupDecrypt(AA, b, c.serialize());
    if (Buffer.compare(Buffer.from(p), MSG)) throw new Error('mismatch');
  },
});
add('X25519 DH', 'node:crypto', {
  setup: () => ({ a: nc.generateKeyPairSync('x25519'), b: nc.generateKeyPairSync('x25519') }),
  op: (x) => nc.diffieHellman({ privateKey: x.a.privateKey, publicKey: x.b.publicKey }),
});
add('X25519 DH', 'libsignal-client', {
  setup: () => ({ a: L.PrivateKey.generate(), b: L.PrivateKey.generate().getPublicKey() }),
  op: (x) => x.a.agree(x.b),
});
add('Ed25519 verify', 'node:crypto', {
  setup: () => {
    const k = nc.generateKeyPairSync('ed25519');
    return { k, g: nc.sign(null, MSG, k.privateKey) };
  },
  op: (x) => nc.verify(null, MSG, x.k.publicKey, x.g),
});
add('ML-KEM-1024 keygen', 'libsignal-client (Kyber1024)', { op: () => L.KEMKeyPair.generate() });
const K = nc.randomBytes(32);
const FILE = 16 << 20;
add('AES-256-GCM 200 B enc+dec', 'node:crypto', {
  op: () => {
    const iv = K.subarray(0, 12);
    const c = nc.createCipheriv('aes-256-gcm', K, iv);
    const o = Buffer.concat([c.update(MSG), c.final()]);
    const d = nc.createDecipheriv('aes-256-gcm', K, iv);
    d.setAuthTag(c.getAuthTag());
    d.update(o);
    d.final();
  },
});
add('HMAC-SHA256 256 B', 'node:crypto', {
  setup: () => nc.randomBytes(256),
  op: (m) => nc.createHmac('sha256', K).update(m).digest(),
});
add('file encrypt', 'node:crypto AES-256-GCM 1 MiB chunks', {
  bytes: FILE,
  setup: () => nc.randomBytes(1 << 20),
  op: (b) => {
    for (let i = 0; i < 16; i++) {
      const c = nc.createCipheriv('aes-256-gcm', K, K.subarray(0, 12));
      c.update(b);
      c.final();
    }
  },
});
