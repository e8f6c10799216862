/** Calls that a TURN server alone can carry: coturn, which the server made credentials for and no media server stands beside. */
import { en } from '../../client/ui/text/en.ts';
import { openCoturn, type Coturn } from '../support/coturn.ts';
import { ADA, BOB } from './beginning.ts';
import { CAMERAS, expect, test } from './fixtures.ts';
import { Caller } from './pages/call.page.ts';
import { keepConnections, selectedPair } from './ways.ts';

/** How coturn is reached, and more of the browsers' switches. */
const turned = test.extend<{ readonly over: 'udp' | 'tcp' }, { readonly coturn: Coturn }>({
  over: ['udp', { option: true }],
  coturn: [
    // Playwright reads the names of the fixtures from the pattern.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await using coturn = await openCoturn();
      await use(coturn);
    },
    { scope: 'worker' },
  ],
  calling: async ({ coturn, over }, use) => {
    const settings = {
      TACET_TURN_URLS: `turn:127.0.0.1:${coturn.port}?transport=${over}`,
      TACET_TURN_SECRET: coturn.secret,
    };
    // Without UDP besides what a proxy carries, and there is none.
    const args = over === 'tcp' ? ['--webrtc-ip-handling-policy=disable_non_proxied_udp'] : [];
    await use({ settings, args });
  },
});

for (const over of ['tcp', 'udp'] as const) {
  turned.describe(over === 'tcp' ? 'with every direct path blocked' : 'where both hide their address', () => {
    turned.use({ over });

    turned(
      `a call goes through coturn by ${over}, and each sees the other’s camera`,
      async ({ ada, bob, coturn }) => {
        const people = [ada, bob];
        const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
        if (over === 'udp') {
          for (const { page, origin } of people) {
            await page.goto(`${origin}/settings`);
            await page.getByRole('switch', { name: en.privacy.relayCalls }).click();
            await expect(page.getByRole('switch', { name: en.privacy.relayCalls })).toBeChecked();
          }
        }
        for (const { page } of people) await keepConnections(page);
        const before = coturn.output().length;
        await caller.call('video');
        await callee.expectRing('video');
        await callee.accept();
        await Promise.all([caller.expectTalking(), callee.expectTalking()]);
        await caller.expectColour(CAMERAS.bob);
        await callee.expectColour(CAMERAS.ada);
        await Promise.all([caller.expectMoving(), callee.expectMoving()]);
        for (const { page } of people) {
          expect(await selectedPair(page)).toMatchObject({
            local: { candidateType: 'relay', relayProtocol: over },
            remote: { candidateType: 'relay' },
          });
        }
        for (const one of [caller, callee]) expect(await one.figure('way')).toBe(en.calls.stats.ways.turn);
        expect(await callee.code()).toBe(await caller.code());
        // Whom coturn has given addresses: two names by the time that they run out and chance, as the server makes them.
        const names = new Set(
          [
            ...coturn
              .output()
              .slice(before)
              .matchAll(/user <([^>]*)>: incoming packet ALLOCATE processed, success/g),
          ].map(([, name]) => name),
        );
        expect(names.size).toBeGreaterThanOrEqual(2);
        for (const name of names) expect(name).toMatch(/^\d{10}:[\w-]{12}$/);
        await caller.hangUp();
        await callee.expectEnd(en.calls.ended.hungUp);
      },
    );
  });
}
