// variants: relay | full | group | normal
import { fileURLToPath } from 'node:url';
import { Base } from './_base.mjs';
import { connectAnchor } from '../clients/json-ws.mjs';
class T extends Base {
  spawn() {
    return this.proc(process.execPath, [fileURLToPath(new URL('../anchor-server.mjs', import.meta.url))], {
      env: { MODE: this.variant || 'group', PORT: String(this.port), DIR: this.dir },
    });
  }
  connect(user, onmessage) {
    return connectAnchor({ url: `ws://127.0.0.1:${this.port}/`, user, onmessage });
  }
}
export default (o) => new T(o);
