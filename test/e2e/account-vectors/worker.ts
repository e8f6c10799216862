/** The recorded vectors of accounts, seals and safety numbers, worked through in a browser's worker. Answers are compared outside. */
import { estimateBits, generatePassphrase } from '@tacet/crypto/passphrase';
import * as Vault from '@tacet/crypto/vault';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { IdentityKeyPair, PrivateKey, PublicKey } from '../../../crypto/ec.ts';
import { Fingerprint } from '../../../crypto/fingerprint.ts';
import { ready } from '../../../crypto/ready.ts';
import { parseSelfSignedCertificate } from '../../../crypto/sealed-sender/certificates.ts';
import { UnidentifiedSenderMessageContent } from '../../../crypto/sealed-sender/content.ts';
import { openV1, sealV1 } from '../../../crypto/sealed-sender/v1.ts';
// Loaded here too, so that one bundle holds what the client loads when it is needed.
import '../../../crypto/passphrase-strength.ts';
import '../../../crypto/words.ts';
import fingerprints from '../../vectors/fingerprint.json' with { type: 'json' };
import seals from '../../vectors/sealed-sender.json' with { type: 'json' };
import vault from '../../vectors/vault.json' with { type: 'json' };

function fingerprintAnswers(): unknown {
  return fingerprints.cases.map((one) => {
    const made = Fingerprint.new(
      one.iterations,
      one.version,
      fromHex(one.localId),
      PublicKey.deserialize(fromHex(one.localKey)),
      fromHex(one.remoteId),
      PublicKey.deserialize(fromHex(one.remoteKey)),
    );
    return {
      displayable: made.displayableFingerprint().toString(),
      scannable: toHex(made.scannableFingerprint().toBuffer()),
    };
  });
}

/** How many of a byte string's single-bit changes, one per byte, do not fail. */
function survivors(bytes: Uint8Array, open: (bytes: Uint8Array) => unknown): number {
  let survived = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Uint8Array.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    try {
      open(changed);
      survived += 1;
    } catch {
      // Refused, as it must be.
    }
  }
  return survived;
}

function sealAnswers(): unknown {
  const privateKey = PrivateKey.deserialize(fromHex(seals.recipientKey));
  const recipient = new IdentityKeyPair(privateKey.getPublicKey(), privateKey);
  const sender = IdentityKeyPair.generate();
  return seals.cases.map((one) => {
    const opened = openV1(recipient, fromHex(one.sealed));
    const content = UnidentifiedSenderMessageContent.deserialize(opened.content);
    const said = parseSelfSignedCertificate(content.senderCertificate(), seals.expiresAt);
    return {
      sender: toHex(opened.sender.serialize()),
      content: toHex(opened.content),
      accountId: said.accountId,
      deviceUuid: said.deviceUuid,
      survivors: survivors(fromHex(one.sealed), (bytes) => openV1(recipient, bytes)),
      resealed: toHex(openV1(recipient, sealV1(sender, recipient.publicKey, opened.content)).content),
    };
  });
}

function vaultAnswers(): unknown {
  const binding = { account: fromHex(vault.account), version: vault.version };
  const stretched = Vault.stretchPassphrase(vault.passphrase, vault.username);
  const vaultKey = Vault.unwrapVaultKey(stretched.wrapKey, fromHex(vault.wrap), binding);
  const contents = Vault.openVault(vaultKey, fromHex(vault.vault), binding);
  const profileKey = Vault.keyFrom<Vault.ProfileKey>(fromHex(vault.profileKey));
  const localKey = Vault.keyFrom<Vault.LocalKey>(fromHex(vault.localKey));
  const local = fromHex(vault.local);
  return {
    loginKey: toHex(stretched.loginKey.publicKey),
    accountKey: toHex(contents.accountKey.serialize()),
    recordKey: toHex(contents.recordKey),
    record: toHex(Vault.openRecord(contents.recordKey, fromHex(vault.record), binding)),
    profile: toHex(Vault.openProfile(profileKey, fromHex(vault.profile), binding)),
    local: toHex(Vault.openLocal(localKey, vault.localContext, local)),
    deliveryKey: toHex(Vault.deriveDeliveryKey(profileKey)),
    signature: toHex(
      Vault.signWithKeyPair(stretched.loginKey, 'Tacet/device-list/v1', fromHex(vault.signed)),
    ),
    survivors: survivors(local, (bytes) => Vault.openLocal(localKey, vault.localContext, bytes)),
  };
}

async function passphraseAnswers(): Promise<unknown> {
  return {
    words: (await generatePassphrase()).split(' ').length,
    weak: await estimateBits('correct horse battery staple'),
    strong: await estimateBits('fetch ludicrous polio engraver cinnamon zealous'),
  };
}

const answers: Readonly<Record<string, () => unknown>> = {
  fingerprint: fingerprintAnswers,
  seal: sealAnswers,
  vault: vaultAnswers,
  passphrase: passphraseAnswers,
};

async function answer(question: string): Promise<unknown> {
  await ready();
  const work = answers[question];
  if (work === undefined) throw new Error('unknown question');
  return work();
}

globalThis.addEventListener('message', (event: MessageEvent<string>) => {
  answer(event.data).then(
    (value) => globalThis.postMessage({ value }),
    (error: unknown) => globalThis.postMessage({ error: String(error) }),
  );
});
