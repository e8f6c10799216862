// variants: internal (file store, offline only) | internal-mam (archive every message) | sqlite-mam
import { writeFileSync, mkdirSync } from 'node:fs';
import { Base } from './_base.mjs';
import { connectXmpp } from '../clients/xmpp-ws.mjs';
class T extends Base {
  prepare() {
    const v = this.variant || 'internal';
    const d = this.dir;
    mkdirSync(`${d}/data/localhost/accounts`, { recursive: true });
    writeFileSync(
      `${d}/prosody.cfg.lua`,
      `
run_as_root = true
daemonize = false
data_path = "${d}/data"
pidfile = "${d}/prosody.pid"
plugin_paths = {}
modules_enabled = { "saslauth", "roster", "message", "presence", "iq", "c2s", "websocket", "smacks", "offline"${v.includes('mam') ? ', "mam"' : ''} }
modules_disabled = { "s2s", "tls" }
c2s_ports = {}
c2s_direct_tls_ports = {}
s2s_ports = {}
http_ports = { ${this.port} }
http_interfaces = { "127.0.0.1" }
https_ports = {}
consider_websocket_secure = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
cross_domain_websocket = true
authentication = "internal_plain"
storage = "${v.startsWith('sqlite') ? 'sql' : 'internal'}"
sql = { driver = "SQLite3", database = "prosody.sqlite" }
default_archive_policy = true
archive_expires_after = "1d"
smacks_max_unacked_stanzas = 5
max_archive_query_results = 50
log = { warn = "*console" }
VirtualHost "localhost"
`,
    );
    if (!v.startsWith('sqlite'))
      for (const u of this.users)
        writeFileSync(`${d}/data/localhost/accounts/${u}.dat`, 'return {\n\t["password"] = "pw";\n};\n');
    else this.registerSql = true;
  }
  async start() {
    if (this.variant?.startsWith('sqlite')) {
      // accounts go through prosodyctl-free path: seed table with the same key/value layout
      this.prepare();
      this.p = this.spawn();
      const { waitTcp } = await import('../lib/proc.mjs');
      await waitTcp(this.port);
      const { default: Database } = await import('better-sqlite3');
      const f = `${this.dir}/data/prosody.sqlite`;
      let db;
      for (let i = 0; i < 100; i++) {
        try {
          db = new Database(f, { fileMustExist: true, timeout: 5000 });
          db.prepare('select count(*) from prosody').get();
          break;
        } catch {
          await new Promise((r) => setTimeout(r, 50));
        }
      }
      const st = db.prepare(
        "INSERT INTO prosody(host,user,store,key,type,value) VALUES('localhost',?,'accounts','password','string','pw')",
      );
      db.transaction(() => {
        for (const u of this.users) st.run(u);
      })();
      db.close();
      return this.probe();
    }
    return super.start();
  }
  spawn() {
    return this.proc('prosody', ['-F', '--config', `${this.dir}/prosody.cfg.lua`], {
      env: { PROSODY_CONFIG: `${this.dir}/prosody.cfg.lua` },
    });
  }
  connect(user, onmessage) {
    return connectXmpp({
      url: `ws://127.0.0.1:${this.port}/xmpp-websocket`,
      user,
      onmessage,
      ackEvery: Number(process.env.SM_EVERY || 1),
    });
  }
}
export default (o) => new T(o);
