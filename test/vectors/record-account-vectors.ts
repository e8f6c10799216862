/**
 * Records fingerprint.json and sealed-sender.json with native libsignal (0.103.0) and vault.json with this code base under seeded
 * randomness. Run by hand (`node test/vectors/record-account-vectors.ts`) only when a format gets a new version: recorded vectors are
 * never recorded anew to make a test pass.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import * as Native from '@signalapp/libsignal-client';
import * as Vault from '@tacet/crypto/vault';
import { PrivateKey } from '../../crypto/ec.ts';
import { ready } from '../../crypto/ready.ts';
import { hexBytes, hexText, seededRandom } from '../support/mangle.ts';

function write(name: string, value: unknown): void {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(value, undefined, 2)}\n`);
}

/** 32 bytes that a name stands for. */
function secretOf(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(`tacet test vector ${name}`).digest());
}

function nativeIdentity(name: string): Native.IdentityKeyPair {
  const privateKey = Native.PrivateKey.deserialize(secretOf(name));
  return new Native.IdentityKeyPair(privateKey.getPublicKey(), privateKey);
}

const uuids = {
  account: '6f1f4a4e-0c1b-4f57-8f0e-9f3f1d0c2b7a',
  device: '0d9a7c52-7d1b-4c0e-9a55-3a1c8be3a6f1',
  recipient: 'b2c6a1de-54c8-4a1f-8a0b-6f5a7f7f0c11',
};

class IdentityStore extends Native.IdentityKeyStore {
  readonly #own: Native.IdentityKeyPair;
  readonly #peer: Native.PublicKey;
  constructor(own: Native.IdentityKeyPair, peer: Native.PublicKey) {
    super();
    this.#own = own;
    this.#peer = peer;
  }
  override async getIdentityKey(): Promise<Native.PrivateKey> {
    return this.#own.privateKey;
  }
  override async getLocalRegistrationId(): Promise<number> {
    return 1;
  }
  override async saveIdentity(): Promise<Native.IdentityChange> {
    return Native.IdentityChange.NewOrUnchanged;
  }
  override async isTrustedIdentity(): Promise<boolean> {
    return true;
  }
  override async getIdentity(): Promise<Native.PublicKey> {
    return this.#peer;
  }
}

function recordFingerprints(): void {
  const cases = [
    { iterations: 2, version: 1, local: 'a', remote: 'b', localId: '', remoteId: '00' },
    { iterations: 1000, version: 2, local: 'c', remote: 'd', localId: '01', remoteId: 'ff'.repeat(40) },
    {
      iterations: 5200,
      version: 2,
      local: 'e',
      remote: 'f',
      localId: uuids.account.replaceAll('-', ''),
      remoteId: uuids.recipient.replaceAll('-', ''),
    },
    { iterations: 5200, version: 4294967295, local: 'g', remote: 'g', localId: '01', remoteId: '01' },
  ].map(({ local, remote, ...given }) => {
    const localKey = hexText(nativeIdentity(local).publicKey.serialize());
    const remoteKey = hexText(nativeIdentity(remote).publicKey.serialize());
    const made = Native.Fingerprint.new(
      given.iterations,
      given.version,
      hexBytes(given.localId),
      Native.PublicKey.deserialize(hexBytes(localKey)),
      hexBytes(given.remoteId),
      Native.PublicKey.deserialize(hexBytes(remoteKey)),
    );
    return {
      ...given,
      localKey,
      remoteKey,
      displayable: made.displayableFingerprint().toString(),
      scannable: hexText(made.scannableFingerprint().toBuffer()),
    };
  });
  write('fingerprint.json', { origin: 'recorded from @signalapp/libsignal-client 0.103.0', cases });
}

async function recordSealedSender(): Promise<void> {
  const sender = nativeIdentity('sender');
  const recipient = nativeIdentity('recipient');
  const server = Native.ServerCertificate.new(1, sender.publicKey, sender.privateKey);
  const expiresAt = 1_900_000_000_000;
  const certificate = Native.SenderCertificate.new(
    uuids.device,
    uuids.account,
    1,
    sender.publicKey,
    expiresAt,
    server,
    sender.privateKey,
  );
  const about = Native.DecryptionErrorMessage.deserialize(hexBytes('10d2091801'));
  const message = Native.PlaintextContent.from(about).asCiphertextMessage();
  const cases = [];
  for (const [hint, group] of [
    [0, undefined],
    [1, ''],
    [2, 'a0a1a2'],
  ] as const) {
    const content = Native.UnidentifiedSenderMessageContent.new(
      message,
      certificate,
      hint,
      group === undefined ? null : hexBytes(group),
    );
    const sealed = await Native.sealedSenderEncrypt(
      content,
      Native.ProtocolAddress.new(uuids.recipient, 1),
      new IdentityStore(sender, recipient.publicKey),
    );
    cases.push({
      hint,
      group: group === '' ? undefined : group,
      content: hexText(content.serialize()),
      sealed: hexText(sealed),
    });
  }
  write('sealed-sender.json', {
    origin: 'recorded from @signalapp/libsignal-client 0.103.0; certificate issued by its own identity key',
    recipientKey: hexText(recipient.privateKey.serialize()),
    senderKey: hexText(sender.publicKey.serialize()),
    certificate: hexText(certificate.serialize()),
    accountId: uuids.account,
    deviceUuid: uuids.device,
    expiresAt,
    messageType: message.type(),
    message: hexText(message.serialize()),
    decryptionError: hexText(about.serialize()),
    cases,
  });
}

async function recordVault(): Promise<void> {
  await ready({ random: seededRandom(1), now: () => 0 });
  const passphrase = 'abacus zoom yo-yo drop-down felt-tip t-shirt';
  const username = 'alice';
  const stretched = Vault.stretchPassphrase(passphrase, username);
  const account = hexBytes(uuids.account.replaceAll('-', ''));
  const binding = { account, version: 7 };
  const vaultKey = Vault.generateKey<Vault.VaultKey>();
  const recordKey = Vault.generateKey<Vault.RecordKey>();
  const profileKey = Vault.generateKey<Vault.ProfileKey>();
  const localKey = Vault.generateKey<Vault.LocalKey>();
  const inviteSecret = Vault.generateKey<Vault.InviteSecret>();
  const accountKey = PrivateKey.deserialize(secretOf('account'));
  const plaintext = new TextEncoder().encode('what is sealed');
  const record = Vault.sealRecord(recordKey, plaintext, binding);
  const deliveryKey = Vault.deriveDeliveryKey(profileKey);
  const signed = Vault.labelled('Tacet/device-list/v1', plaintext);
  const signature = Vault.signWithKeyPair(stretched.loginKey, 'Tacet/device-list/v1', signed);
  write('vault.json', {
    origin:
      'recorded from this code base; stretching, derivation, seals, hashes and signatures are checked against independent implementations',
    passphrase,
    username,
    loginSeed: hexText(stretched.loginKey.seed),
    loginKey: hexText(stretched.loginKey.publicKey),
    wrapKey: hexText(stretched.wrapKey),
    passkeyWrapKey: hexText(Vault.derivePasskeyWrapKey(secretOf('prf'))),
    prfOutput: hexText(secretOf('prf')),
    account: hexText(account),
    version: binding.version,
    vaultKey: hexText(vaultKey),
    recordKey: hexText(recordKey),
    profileKey: hexText(profileKey),
    localKey: hexText(localKey),
    inviteSecret: hexText(inviteSecret),
    accountKey: hexText(accountKey.serialize()),
    plaintext: hexText(plaintext),
    localContext: 'sessions/1',
    wrap: hexText(Vault.wrapVaultKey(stretched.wrapKey, vaultKey, binding)),
    vault: hexText(Vault.sealVault(vaultKey, { accountKey, recordKey }, binding)),
    record: hexText(record),
    recordHash: hexText(Vault.hashRecord(record)),
    profile: hexText(Vault.sealProfile(profileKey, plaintext, binding)),
    local: hexText(Vault.sealLocal(localKey, 'sessions/1', plaintext)),
    deliveryKey: hexText(deliveryKey),
    deliveryKeyHash: hexText(Vault.hashDeliveryKey(deliveryKey)),
    accountKeyHash: hexText(Vault.hashAccountKey(accountKey.getPublicKey())),
    inviteMac: hexText(Vault.inviteMac(inviteSecret, { account, accountKey: accountKey.getPublicKey() })),
    signed: hexText(signed),
    signature: hexText(signature),
  });
}

recordFingerprints();
await recordSealedSender();
await recordVault();
