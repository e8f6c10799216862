/** Pictures of people as addresses for `<img>`: each is asked for once, kept while the account is open, and shown as what core has looked at. */
import { useEffect, useState } from 'preact/hooks';
import type { ConversationId } from '../../core/door.ts';
import { useDoor } from '../door-context.ts';

/** Addresses by account and name of the picture; a picture that was replaced is let go. */
const shown = new Map<string, { readonly name: string; readonly address: Promise<string | undefined> }>();

async function load(read: () => Promise<Uint8Array | undefined>): Promise<string | undefined> {
  const bytes = await read().catch(() => undefined);
  if (bytes === undefined) return undefined;
  return URL.createObjectURL(new Blob([bytes.slice()], { type: 'image/jpeg' }));
}

function release(address: string | undefined): void {
  if (address !== undefined) URL.revokeObjectURL(address);
}

/** Lets all pictures go: the account they belong to is locked, or gone from here. */
export function forgetPictures(): void {
  for (const { address } of shown.values()) address.then(release).catch(() => undefined);
  shown.clear();
}

/** The address of somebody's picture, once it is there; `name` is what core calls the picture. */
export function usePicture(account: string, name: string | undefined): string | undefined {
  const { commands } = useDoor();
  const [address, setAddress] = useState<string | undefined>(undefined);
  useEffect(() => {
    setAddress(undefined);
    if (name === undefined) return undefined;
    let wanted = true;
    let entry = shown.get(account);
    if (entry?.name !== name) {
      entry?.address.then(release).catch(() => undefined);
      entry = { name, address: load(() => commands.readPicture(account as ConversationId)) };
      shown.set(account, entry);
    }
    entry.address.then((loaded) => wanted && setAddress(loaded)).catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [account, name]);
  return address;
}
