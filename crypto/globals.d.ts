/** The few globals that Node and browsers share and this room uses. Nothing else of either world compiles here. */

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label: 'utf-8', options: { readonly fatal: boolean; readonly ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}

declare const crypto: {
  getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T;
};
