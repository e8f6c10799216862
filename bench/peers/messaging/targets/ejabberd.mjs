// variants: mnesia | mnesia-mam | sqlite | sqlite-mam     (started without Erlang distribution: no epmd)
import { writeFileSync, mkdirSync, existsSync, readdirSync } from 'node:fs';
import { Base } from './_base.mjs';
import { connectXmpp } from '../clients/xmpp-ws.mjs';
import { mapLimit } from '../lib/stats.mjs';
const LIBS =
  process.env.EJABBERD_LIBS ||
  ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib'].find(
    (d) => existsSync(d) && readdirSync(d).some((x) => x.startsWith('ejabberd-')),
  );
class T extends Base {
  prepare() {
    const v = this.variant || 'mnesia';
    const d = this.dir;
    const sql = v.startsWith('sqlite');
    const be = sql ? 'sql' : 'mnesia';
    mkdirSync(`${d}/db`, { recursive: true });
    writeFileSync(
      `${d}/ejabberd.yml`,
      `
hosts: [localhost]
loglevel: error
log_rotate_count: 0
listen:
  - port: ${this.port}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /ws: ejabberd_http_ws
      /api: mod_http_api
auth_method: ${sql ? '[sql]' : '[internal]'}
auth_password_format: plain
default_db: ${be}
${sql ? `sql_type: sqlite\nsql_database: "${d}/ejabberd.sqlite"\nsql_pool_size: 1` : ''}
acl:
  loopback: { ip: [127.0.0.0/8] }
access_rules:
  c2s: { allow: all }
shaper_rules:
  maxoff: { 100000: all }
api_permissions:
  "local":
    who: { access: { allow: { acl: loopback } } }
    what: [register]
websocket_ping_interval: 3600
modules:
  mod_offline: { access_max_user_messages: maxoff, db_type: ${be}, use_mam_for_storage: ${v.includes('mam') && process.env.EJ_MAM_OFFLINE === '1'} }
  mod_stream_mgmt: { resend_on_timeout: if_offline, max_ack_queue: infinity }
  ${v.includes('mam') ? `mod_mam: { default: always, db_type: ${be} }` : ''}
`,
    );
  }
  spawn() {
    return this.proc(
      'erl',
      [
        '+K',
        'true',
        '+P',
        '250000',
        '-env',
        'ERL_CRASH_DUMP_BYTES',
        '0',
        '-mnesia',
        'dir',
        `"${this.dir}/db"`,
        '-noinput',
        '-ejabberd',
        'quiet',
        'true',
        '-s',
        'ejabberd',
      ],
      {
        env: {
          ERL_LIBS: LIBS,
          EJABBERD_CONFIG_PATH: `${this.dir}/ejabberd.yml`,
          EJABBERD_LOG_PATH: `${this.dir}/ejabberd.log`,
          HOME: this.dir,
          ERL_EPMD_ADDRESS: '127.0.0.1',
        },
      },
    );
  }
  async probe() {
    const t0 = performance.now();
    for (;;) {
      try {
        await this.register('u0');
        break;
      } catch (e) {
        if (performance.now() - t0 > 30000) throw e;
        await new Promise((r) => setTimeout(r, 50));
      }
    }
    return super.probe();
  }
  async register(u) {
    const r = await fetch(`http://127.0.0.1:${this.port}/api/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: u, host: 'localhost', password: 'pw' }),
    });
    const t = await r.text();
    if (!r.ok && !/already|exists|conflict/i.test(t))
      throw new Error(`register ${u}: ${r.status} ${t.slice(0, 150)}`);
  }
  async provision(users) {
    await mapLimit(users, 20, (u) => this.register(u));
  }
  connect(user, onmessage) {
    return connectXmpp({
      url: `ws://127.0.0.1:${this.port}/ws`,
      user,
      onmessage,
      ackEvery: Number(process.env.SM_EVERY || 1),
    });
  }
}
export default (o) => new T(o);
