/** Makes a profile picture of a file that a person chose: the middle square, small, as a JPEG file without anything else of the original. */

/** Side of a picture, pixels. */
const SIDE = 256;
/** Longest picture that core takes, bytes. */
const MOST_BYTES = 32 * 1024;
/** Tried one after the other until the picture is small enough. */
const QUALITIES = [0.86, 0.75, 0.6, 0.45, 0.3] as const;

/** Thrown for a file that the browser cannot draw. */
export class NoPicture extends Error {
  override readonly name = 'NoPicture';
}

/** The picture's bytes. Throws `NoPicture`. */
export async function makePicture(file: Blob): Promise<Uint8Array> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch (cause) {
    throw new NoPicture('not a picture', { cause });
  }
  try {
    const canvas = new OffscreenCanvas(SIDE, SIDE);
    const pen = canvas.getContext('2d');
    if (pen === null) throw new NoPicture('no canvas');
    const side = Math.min(bitmap.width, bitmap.height);
    // JPEG has no transparency: what shows through is white.
    pen.fillStyle = 'white';
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.imageSmoothingQuality = 'high';
    const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
    pen.drawImage(bitmap, left, top, side, side, 0, 0, SIDE, SIDE);
    for (const quality of QUALITIES) {
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality });
      if (blob.type === 'image/jpeg' && blob.size <= MOST_BYTES)
        return new Uint8Array(await blob.arrayBuffer());
    }
    throw new NoPicture('too detailed');
  } finally {
    bitmap.close();
  }
}
