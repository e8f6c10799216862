/** Who helps to find a way, as the server says it: its own STUN responder at the host of its origin, and TURN servers. */
import type { CallServers } from '@tacet/protocol/frames/calls';
import type { Clock } from '../ports.ts';
import type { IceServer } from './call-window.ts';
import type { RelayLink } from './relay-link.ts';

/** What the server says of ways is waited for, ms: without it a call in one network comes about all the same. */
const SERVERS_MS = 1_500;

/** The host of a web origin, an IPv6 address in brackets. */
const HOST = /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[^/:@]+)/;

export function iceServers(origin: string, servers: CallServers | undefined): readonly IceServer[] {
  if (servers === undefined) return [];
  const host = HOST.exec(origin)?.[1];
  const { stun, turn } = servers;
  return [
    ...(stun === undefined || host === undefined ? [] : [{ urls: [`stun:${host}:${stun.port}`] }]),
    ...turn.map(({ urls, username, credential }) => ({ urls, username, credential })),
  ];
}

/** Asks, and waits for the answer for a moment; one that comes later is heard too. Rejects never. */
export async function askServers(
  link: RelayLink,
  clock: Clock,
  hear: (servers: CallServers) => void,
): Promise<void> {
  const asked = link.request({ kind: 'call-servers' }).then(
    (answer) => {
      if (answer.kind === 'call-servers') hear(answer);
    },
    () => undefined,
  );
  let cancel: (() => void) | undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(SERVERS_MS, resolve);
  });
  await Promise.race([asked, late]);
  cancel?.();
}
