import { startProc, killTree, childrenOf, waitTcp } from '../lib/proc.mjs';
// Shared life cycle: subclasses give spawn() -> child process, and connect().
export class Base {
  constructor(o) {
    Object.assign(this, o);
  }
  async start() {
    await this.prepare?.();
    this.p = this.spawn();
    await waitTcp(this.port);
    await this.probe();
  }
  // ready = a first real log-in works
  async probe() {
    const t0 = performance.now();
    let err;
    while (performance.now() - t0 < 30000) {
      try {
        const c = await this.connect(this.probeUser || 'u0');
        await c.close();
        return;
      } catch (e) {
        err = e;
        await new Promise((r) => setTimeout(r, 25));
      }
    }
    throw new Error('not ready: ' + err?.message);
  }
  pids() {
    return this.p ? childrenOf(this.p.pid) : [];
  }
  async stop() {
    if (this.p) await killTree(this.p);
    this.p = null;
  }
  async kill9() {
    await killTree(this.p, 'SIGKILL');
    this.p = null;
  }
  async restart() {
    this.p = this.spawn();
    await waitTcp(this.port);
    await this.probe();
  }
  proc(cmd, args, opt = {}) {
    return startProc(cmd, args, { cwd: this.dir, log: `${this.dir}/server.log`, pin: this.pin, ...opt });
  }
}
