/** The address that clients are told to send media to. */
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Listens everywhere, which is no address that anybody could be told. */
const ANYWHERE: readonly string[] = ['0.0.0.0', '::'];

/**
 * What the operator set, else the address listened at; where that is all of them, the first IPv4 address of this machine, and where it has
 * none but loopback that.
 */
export function announcedFor(
  listenIp: string,
  setting: string | undefined,
  interfaces: Interfaces = networkInterfaces(),
): string {
  if (setting !== undefined) return setting;
  if (!ANYWHERE.includes(listenIp)) return listenIp;
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  const own = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  return own?.address ?? '127.0.0.1';
}
