// variants: persist (persistence on, default autosave 30 min) | autosave (save database on every change, for the durability row) | memory
// Debian 12 builds mosquitto without libwebsockets, so plain TCP is used; MQTT_WS=1 uses WebSocket where the build has it.
import { writeFileSync } from 'node:fs';
import { Base } from './_base.mjs';
import { connectMqtt } from '../clients/mqtt.mjs';
class T extends Base {
  prepare() {
    const v = this.variant || 'persist';
    writeFileSync(
      `${this.dir}/m.conf`,
      `
${process.getuid() === 0 ? 'user root' : ''}
listener ${this.port} 127.0.0.1
${process.env.MQTT_WS === '1' ? 'protocol websockets' : ''}
allow_anonymous true
persistence ${v !== 'memory'}
persistence_location ${this.dir}/
${v === 'autosave' ? 'autosave_on_changes true\nautosave_interval 1' : ''}
max_queued_messages 0
max_inflight_messages 100
set_tcp_nodelay true
log_type error
`,
    );
  }
  spawn() {
    return this.proc('mosquitto', ['-c', `${this.dir}/m.conf`]);
  }
  connect(user, onmessage) {
    return connectMqtt(
      process.env.MQTT_WS === '1'
        ? { url: `ws://127.0.0.1:${this.port}/`, user, onmessage }
        : { tcpPort: this.port, user, onmessage },
    );
  }
}
export default (o) => new T(o);
