// RabbitMQ with the Web-MQTT plugin, QoS 1, durable classic queues.
import { writeFileSync, mkdirSync, readdirSync } from 'node:fs';
import { Base } from './_base.mjs';
import { connectMqtt } from '../clients/mqtt.mjs';
class T extends Base {
  prepare() {
    const d = this.dir;
    mkdirSync(`${d}/mnesia`, { recursive: true });
    mkdirSync(`${d}/log`, { recursive: true });
    writeFileSync(`${d}/plugins`, '[rabbitmq_web_mqtt].\n');
    writeFileSync(
      `${d}/rabbitmq.conf`,
      `
listeners.tcp.1 = 127.0.0.1:${this.port + 1000}
mqtt.listeners.tcp.1 = 127.0.0.1:${this.port + 2000}
web_mqtt.tcp.ip = 127.0.0.1
web_mqtt.tcp.port = ${this.port}
mqtt.allow_anonymous = true
mqtt.default_user = guest
mqtt.default_pass = guest
mqtt.exchange = amq.topic
mqtt.prefetch = 100
loopback_users = none
log.console.level = error
log.file.level = error
vm_memory_high_watermark.absolute = 3GB
disk_free_limit.absolute = 200MB
`,
    );
  }
  spawn() {
    const d = this.dir;
    return this.proc(process.env.RABBITMQ_SERVER || '/usr/lib/rabbitmq/bin/rabbitmq-server', [], {
      env: {
        HOME: d,
        RABBITMQ_NODENAME: `bench${this.port}@localhost`,
        RABBITMQ_MNESIA_BASE: `${d}/mnesia`,
        RABBITMQ_LOG_BASE: `${d}/log`,
        RABBITMQ_ENABLED_PLUGINS_FILE: `${d}/plugins`,
        RABBITMQ_CONFIG_FILE: `${d}/rabbitmq`,
        RABBITMQ_DIST_PORT: String(this.port + 3000),
        ERL_EPMD_ADDRESS: '127.0.0.1',
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      },
    });
  }
  connect(user, onmessage) {
    return connectMqtt({
      url: `ws://127.0.0.1:${this.port}/ws`,
      user,
      username: 'guest',
      password: 'guest',
      onmessage,
    });
  }
}
export default (o) => new T(o);
