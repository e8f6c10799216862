/** What a page's peer connections do, looked at from a test. */
import type { Page } from '@playwright/test';

interface Kept {
  readonly connections: RTCPeerConnection[];
}

/** Keeps every peer connection that the page makes from now on. */
export function keepConnections(page: Page): Promise<void> {
  return page.evaluate(() => {
    const connections: RTCPeerConnection[] = [];
    Object.assign(globalThis, { connections });
    RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(made, given) {
        const connection = Reflect.construct(made, given) as RTCPeerConnection;
        connections.push(connection);
        return connection;
      },
    });
  });
}

/** Packets of sounds and pictures that have come by the latest connection, whatever is in them. */
export function arrivedPackets(page: Page): Promise<number> {
  return page.evaluate(async () => {
    // Kept in the page by the script above.
    const { connections } = globalThis as unknown as Kept;
    const stats = await connections.at(-1)?.getStats();
    const reports = [...(stats?.values() ?? [])] as readonly Readonly<Record<string, unknown>>[];
    return reports
      .filter(({ type }) => type === 'inbound-rtp')
      .reduce((sum, { packetsReceived }) => sum + Number(packetsReceived), 0);
  });
}

/** One end of a pair of candidates, as getStats gives it (W3C webrtc-stats). */
export interface PairEnd {
  readonly candidateType?: string;
  readonly protocol?: string;
  readonly relayProtocol?: string;
}

/** The pair of candidates that the latest connection goes by. */
export function selectedPair(
  page: Page,
): Promise<{ readonly local: PairEnd; readonly remote: PairEnd } | undefined> {
  return page.evaluate(async () => {
    // Kept in the page by the script above.
    const { connections } = globalThis as unknown as Kept;
    const stats = await connections.at(-1)?.getStats();
    const reports = new Map(stats?.entries() as Iterable<[string, Readonly<Record<string, unknown>>]>);
    for (const { type, selectedCandidatePairId } of reports.values()) {
      const pair = type === 'transport' ? reports.get(String(selectedCandidatePairId)) : undefined;
      if (pair === undefined) continue;
      const end = (id: unknown): PairEnd => {
        const { candidateType, protocol, relayProtocol } = reports.get(String(id)) ?? {};
        return Object.fromEntries(
          Object.entries({ candidateType, protocol, relayProtocol }).map(([name, value]) => [
            name,
            String(value),
          ]),
        );
      };
      return { local: end(pair['localCandidateId']), remote: end(pair['remoteCandidateId']) };
    }
    return undefined;
  });
}
