// variants: file (JetStream file storage) | core (no JetStream: relay only)
import { writeFileSync } from 'node:fs';
import { Base } from './_base.mjs';
import { connectNats } from '../clients/nats-ws.mjs';
import { tcpOpen } from '../lib/proc.mjs';
class T extends Base {
  probeUser = 'probe';
  prepare() {
    writeFileSync(
      `${this.dir}/n.conf`,
      `
listen: "127.0.0.1:${this.port + 1000}"
websocket { listen: "127.0.0.1:${this.port}", no_tls: true }
jetstream { store_dir: "${this.dir}/js", max_mem: 64M, max_file: 4G }
`,
    );
  }
  spawn() {
    return this.proc('nats-server', ['-c', `${this.dir}/n.conf`]);
  }
  async probe() {
    const c = await connectNats({ url: `ws://127.0.0.1:${this.port}/`, user: 'probe', subscribe: false });
    const t0 = performance.now();
    for (;;) {
      try {
        await c.req(
          '$JS.API.STREAM.CREATE.MSG',
          JSON.stringify({
            name: 'MSG',
            subjects: ['m.>'],
            storage: 'file',
            retention: 'interest',
            max_consumers: -1,
            max_msgs: -1,
            max_bytes: -1,
            num_replicas: 1,
            discard: 'old',
          }),
        );
        break;
      } catch (e) {
        if (/already in use|different config/.test(e.message)) break;
        if (performance.now() - t0 > 15000) throw e;
        await new Promise((r) => setTimeout(r, 50));
      }
    }
    await c.close();
  }
  connect(user, onmessage) {
    return connectNats({ url: `ws://127.0.0.1:${this.port}/`, user, onmessage });
  }
}
export default (o) => new T(o);
