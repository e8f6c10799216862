/** Where nothing goes on until something is done about it: a browser without space, a server that has a newer version. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { ERRORS } from '../../protocol/errors.ts';
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testAlone } from './fixtures.ts';

test('a browser without space says so, keeps what it has, and goes on when there is some', async ({
  ada,
  bob,
}) => {
  await ada.open('Bob');
  await ada.send('while there was space');
  await bob.expectOnce('while there was space');
  // Nothing more is on its way that would be the first.
  await ada.expectDelivery('while there was space', 'read');
  // As a browser answers from the moment at which nothing more fits.
  for (const worker of ada.page.workers()) {
    await worker.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('there is no space', 'QuotaExceededError');
      };
    });
  }
  // The draft is the first that does not fit.
  await ada.composer.fill('there is none left');
  const { page } = ada;
  await expect(page.getByRole('heading', { name: en.broken.title })).toBeVisible();
  await expect(page.getByText(en.failures['storage-full'])).toBeVisible();
  await expect(page.getByText(en.broken.kept)).toBeVisible();
  await bob.send('for later');

  await ada.button(en.common.reload).click();
  await ada.open('Bob');
  await ada.expectOnce('while there was space');
  await ada.expectOnce('for later');
  await ada.send('there is some again');
  await bob.expectOnce('there is some again');
});

testAlone(
  'a server that speaks with a newer version only says so, and after its update everything goes on',
  async ({ ada, host }) => {
    const port = Number(new URL(host.origin).port);
    await host.stop();
    // A server of a later version: whatever an old client asks, it is refused by the code that was kept for this.
    const { status, close } = ERRORS['unsupported-version'];
    const newer = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: 'unsupported-version' }));
    });
    const sockets = new WebSocketServer({ server: newer });
    sockets.on('connection', (socket) => socket.close(close));
    await new Promise<void>((resolve) => newer.listen(port, '127.0.0.1', resolve));
    const { page } = ada;
    await expect(page.getByRole('heading', { name: en.tooOld.title })).toBeVisible();
    await expect(page.getByText(en.tooOld.text)).toBeVisible();
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    newer.closeAllConnections();
    await new Promise((resolve) => newer.close(resolve));

    await host.startAgain();
    await ada.button(en.common.reload).click();
    await ada.expectHome();
    await expect(page.getByText(en.list.emptyTitle)).toBeVisible();
  },
);
