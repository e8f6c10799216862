/**
 * What people typed and chose, looked for where none of it may stand. Usernames are known to the server: they are looked for only where
 * nobody is to be named. What is found is told shortened.
 */
import { decodeB64u } from '@tacet/protocol/bytes';
import { formsOf, type Form } from './needles.ts';

/** What a person's data is. */
export type CanaryKind =
  | 'message or draft'
  | 'name'
  | 'username'
  /** The username of somebody else. */
  | 'contact'
  | 'device name'
  | 'passphrase'
  | 'picture'
  | 'search term'
  | 'invite secret'
  | 'other text';

export interface Canary {
  readonly kind: CanaryKind;
  readonly bytes: Buffer;
}

/** Bytes that are looked through. */
export interface Place {
  /** Continues "… stands in". */
  readonly name: string;
  readonly bytes: Buffer;
  /** Whether accounts may be named here. */
  readonly namesAccounts: boolean;
}

/** Fewer bytes are found by chance. */
const LEAST_BYTES = 6;
/** Fewer letters stand as a word in anything. */
const LEAST_WORD = 3;
/** A part of a picture that no other has, bytes. */
const PICTURE_PART = 48;
/** Where the secret that an invite is answered under lies in its fragment, bytes. */
const INVITE_SECRET = 32;

export class Canaries {
  /** By kind and bytes. */
  readonly #all = new Map<string, Canary & { readonly forms: readonly Form[] }>();

  get all(): readonly Canary[] {
    return [...this.#all.values()].map(({ kind, bytes }) => ({ kind, bytes }));
  }

  /** Something that is data of a person. What is too short to be told from chance is left out, but for names. */
  add(kind: CanaryKind, data: Uint8Array | string): void {
    const bytes = Buffer.from(data);
    const isName = kind === 'name' || isUsername(kind);
    if (bytes.length < (isName ? LEAST_WORD : LEAST_BYTES)) return;
    this.#all.set(`${kind} ${bytes.toString('hex')}`, { kind, bytes, forms: formsOf(bytes) });
  }

  addAll(canaries: readonly Canary[]): void {
    for (const { kind, bytes } of canaries) this.add(kind, bytes);
  }

  /** A picture's file: its middle, which no other has. */
  addPicture(file: Uint8Array): void {
    const from = Math.max(0, (file.length - PICTURE_PART) >> 1);
    this.add('picture', file.subarray(from, from + PICTURE_PART));
  }

  /** What stands behind the `#` of an invite link, if anything does. */
  addInvite(link: string): void {
    const bytes = decodeB64u(link.split('#')[1]?.split('.')[0] ?? '');
    if (bytes !== undefined) this.add('invite secret', bytes.subarray(0, INVITE_SECRET));
  }

  /** One sentence for each canary in each place. */
  findIn(places: readonly Place[]): readonly string[] {
    return places.flatMap((place) =>
      [...this.#all.values()].flatMap((canary) => {
        const dress = this.#isKnown(canary) ? findName(canary, place) : findForm(canary, place);
        return dress === undefined
          ? []
          : [`${canary.kind} ${shorten(canary.bytes)} stands in ${place.name}, ${dress}`];
      }),
    );
  }

  /** Usernames, and what cannot be told from one: a name that is one but for its capitals. */
  #isKnown({ kind, bytes }: Canary): boolean {
    if (isUsername(kind)) return true;
    const text = bytes.toString().toLowerCase();
    return [...this.#all.values()].some(
      (other) => isUsername(other.kind) && other.bytes.toString().includes(text),
    );
  }
}

function isUsername(kind: CanaryKind): boolean {
  return kind === 'username' || kind === 'contact';
}

function findForm(
  { bytes, forms }: Canary & { readonly forms: readonly Form[] },
  place: Place,
): string | undefined {
  if (bytes.length < LEAST_BYTES) return undefined;
  return forms.find((form) => place.bytes.includes(form.bytes))?.dress;
}

/** As a word of its own: shorter ones stand in random text by chance. */
function findName(canary: Canary & { readonly forms: readonly Form[] }, place: Place): string | undefined {
  if (place.namesAccounts) return undefined;
  const isPart = (byte: number | undefined): boolean =>
    byte !== undefined && /[A-Za-z0-9]/.test(String.fromCharCode(byte));
  const { bytes } = canary;
  for (let at = place.bytes.indexOf(bytes); at !== -1; at = place.bytes.indexOf(bytes, at + 1)) {
    if (!isPart(place.bytes[at - 1]) && !isPart(place.bytes[at + bytes.length])) return 'as a word';
  }
  return findForm(canary, place);
}

/** Its beginning and its length: output is kept and read by others. */
function shorten(bytes: Buffer): string {
  return `“${bytes.toString().slice(0, 3)}…” (${bytes.length} bytes)`;
}
