/** Commands about the own account: making and joining it, what it is called, its devices, its passphrase, its end. */
import { normaliseUsername } from '@tacet/crypto/vault';
import { readServer } from '@tacet/protocol/rest/people';
import { fetchPart } from '../failure.ts';
import { shownName } from '../shown-name.ts';
import { slowly } from '../slow-work.ts';
import type { Commands } from '../view.ts';
import type { CommandNeeds } from './needs.ts';

export function accountCommands({ life, rest, ready, strength, state }: CommandNeeds) {
  return {
    readServer: async () => {
      const { name, inviteOnly, fresh, relay } = await rest.call(readServer);
      return { name, inviteOnly, fresh, relay };
    },
    suggestPassphrase: async () => {
      await ready;
      return strength.suggest();
    },
    estimatePassphrase: async (passphrase) => {
      await ready;
      return strength.estimate(passphrase);
    },
    signUp: async (request) => {
      await ready;
      const username = normaliseUsername(request.username);
      const name = shownName(request.name, username);
      await strength.require(request.passphrase, username);
      const { makeAccount } = await fetchPart(() => import('../account/sign-up.ts'));
      await life.join((needs) => makeAccount(needs, { ...request, username, name }));
    },
    signIn: async ({ username, passphrase }) => {
      await ready;
      const { joinAccount } = await fetchPart(() => import('../account/sign-in.ts'));
      await life.join((needs) => joinAccount(needs, { username: normaliseUsername(username), passphrase }));
    },
    signOut: () => life.signOut(),
    seeAlert: async (id) => life.home().alerts.see(id),
    setName: async (name) => {
      const home = life.home();
      await home.profiles.setName(shownName(name, home.own.value.username));
    },
    setPicture: async (picture) => life.home().profiles.setPicture(picture),
    setPrivacy: async (privacy) => life.home().talk.setPrivacy(privacy),
    setDefaultTimer: async (seconds) => (await life.home().late.acts()).setDefaultTimer(seconds),
    renameDevice: async (device, name) => life.home().ownAccount.renameDevice(device, name),
    removeDevice: async (device, passphrase) => {
      const { ownAccount } = life.home();
      await slowly(state, () => ownAccount.removeDevice(device, passphrase));
    },
    beginReset: async () => life.home().ownAccount.beginReset(),
    cancelReset: async (passphrase) => {
      const { ownAccount } = life.home();
      await slowly(state, () => ownAccount.cancelReset(passphrase));
    },
    finishReset: async (passphrase) => {
      const home = life.home();
      await strength.require(passphrase, home.own.value.username);
      await slowly(state, () => home.ownAccount.finishReset(passphrase));
      strength.forget();
    },
    changePassphrase: async ({ current, next }) => {
      const home = life.home();
      await strength.require(next, home.own.value.username);
      await slowly(state, () => home.ownAccount.changePassphrase(current, next));
      strength.forget();
    },
    checkPassphrase: async (passphrase) => {
      const { ownAccount } = life.home();
      await slowly(state, () => ownAccount.checkPassphrase(passphrase));
    },
    postponePassphrase: async () => life.home().care.postpone(),
    seePassphraseChange: async () => life.home().care.seen(),
    deleteAccount: (passphrase) => life.deleteAccount(passphrase),
  } satisfies Partial<Commands>;
}
