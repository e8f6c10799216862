/** The network between two browsers, which a test can cut: their connections lead over a line. What leads to a media server does not. */
import type { Page } from '@playwright/test';
import { CutLine } from '../support/cut-line.ts';

declare const standIn: (address: string, port: number) => Promise<number>;

/** Has what the pages connect from now on lead over a line. The caller closes it. */
export async function openCutNetwork(pages: readonly Page[]): Promise<CutLine> {
  const line = new CutLine();
  for (const page of pages) {
    await page.exposeFunction('standIn', (address: string, port: number) => line.add(address, port));
    await page.evaluate(() => {
      /** A candidate with what stands for it; of other kinds than UDP over IPv4 none. */
      const lead = async (candidate: string): Promise<string | undefined> => {
        const [, head, address = '', port, tail] =
          /^(.*candidate:\S+ 1 udp \d+) (\d+\.\d+\.\d+\.\d+) (\d+) (typ host.*)$/.exec(candidate) ?? [];
        if (head === undefined) return undefined;
        return `${head} ${address} ${await standIn(address, Number(port))} ${tail}`;
      };
      const { prototype } = RTCPeerConnection;
      const describe = Reflect.get(prototype, 'setRemoteDescription');
      const add = Reflect.get(prototype, 'addIceCandidate');
      prototype.setRemoteDescription = async function (
        this: RTCPeerConnection,
        { type, sdp = '' }: RTCSessionDescriptionInit,
      ) {
        const lines: string[] = [];
        for (const each of sdp.split('\r\n')) {
          const isLed = each.startsWith('a=candidate:') && !sdp.includes('a=ice-lite');
          const led = isLed ? await lead(each) : each;
          if (led !== undefined) lines.push(led);
        }
        await (Reflect.apply(describe, this, [{ type, sdp: lines.join('\r\n') }]) as Promise<void>);
      };
      prototype.addIceCandidate = async function (
        this: RTCPeerConnection,
        given?: RTCIceCandidateInit | null,
      ) {
        const candidate = await lead(given?.candidate ?? '');
        if (candidate !== undefined)
          await (Reflect.apply(add, this, [{ ...given, candidate }]) as Promise<void>);
      };
    });
  }
  return line;
}
