// variants: always (appendfsync always) | everysec       (TCP, two sockets per user: storage anchor more than a peer)
import { Base } from './_base.mjs';
import { connectRedis } from '../clients/resp.mjs';
class T extends Base {
  spawn() {
    return this.proc('redis-server', [
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.dir,
      '--appendonly',
      'yes',
      '--appendfsync',
      this.variant || 'always',
      '--save',
      '',
      '--maxclients',
      '15000',
      '--loglevel',
      'warning',
    ]);
  }
  connect(user, onmessage) {
    return connectRedis({ port: this.port, user, onmessage });
  }
}
export default (o) => new T(o);
