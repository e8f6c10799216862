/** Codes that Tacet shows are read back byte by byte: the own encoder against the library that decodes what the camera sees. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { decodeQR } from 'qr/decode.js';
import { encodeQr } from '../../../../client/ui/qr/encode.ts';

t.test('every byte survives being shown and read', (t) => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const bytes of [all, new Uint8Array(randomBytes(124)), new Uint8Array(124)]) {
    const modules = encodeQr(bytes);
    const [scale, quiet] = [4, 4];
    const side = (modules.length + 2 * quiet) * scale;
    const data = new Uint8ClampedArray(side * side * 4).fill(255);
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const isDark = modules[Math.floor(y / scale) - quiet]?.[Math.floor(x / scale) - quiet] === true;
        if (isDark) data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
      }
    }
    const image = { width: side, height: side, data };
    const latin = decodeQR(image, { textDecoder: (read) => String.fromCharCode(...read) });
    t.strictSame(
      Uint8Array.from(latin, (character) => character.charCodeAt(0)),
      bytes,
    );
  }
  t.end();
});
