/** Finds a QR code in a camera's picture and gives its bytes. */
import { decodeQR } from 'qr/decode.js';

const canvas = document.createElement('canvas');

/** The bytes of a code in the picture as it is now, scaled to at most `sideMost` pixels; `undefined` where none is found. */
export function readCode(video: HTMLVideoElement, sideMost: number): Uint8Array | undefined {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return undefined;
  const scale = Math.min(1, sideMost / Math.max(videoWidth, videoHeight));
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return undefined;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return decodeImage(context.getImageData(0, 0, canvas.width, canvas.height));
}

/** The bytes of a code in a picture. One character stands for one byte, so that no byte is lost on the way through text. */
export function decodeImage(image: {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}): Uint8Array | undefined {
  try {
    const latin = decodeQR(image, { textDecoder: (bytes) => String.fromCharCode(...bytes) });
    return Uint8Array.from(latin, (character) => character.charCodeAt(0));
  } catch {
    // No code in this picture: the next one may have it.
    return undefined;
  }
}
