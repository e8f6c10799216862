// case = { g: group, name, unit?: 'ops/s'|'MiB/s', bytes?: per op, setup?(): state, op(state, i): any|Promise, ms?, reps? }
const med = (a) => {
  const s = [...a].sort((x, y) => x - y);
  return s.length % 2 ? s[s.length >> 1] : (s[s.length / 2 - 1] + s[s.length / 2]) / 2;
};
const r3 = (x) => (x >= 1000 ? Math.round(x) : Number(x.toPrecision(4)));
export async function runCases(cases, { filter, ms = 300, reps = 5, log = () => {} } = {}) {
  const out = [];
  for (const c of cases) {
    const id = `${c.g}: ${c.name}`;
    if (filter && !new RegExp(filter, 'i').test(id)) continue;
    try {
      const t00 = performance.now();
      const st = c.setup ? await c.setup() : undefined;
      const setupMs = performance.now() - t00;
      let i = 0;
      const isAsync = (() => {
        const r = c.op(st, i++);
        return r && typeof r.then === 'function' ? r : null;
      })();
      if (isAsync) await isAsync;
      const want = c.ms || ms;
      const xs = [];
      // calibrate + warm-up
      let k = 1;
      {
        const t0 = performance.now();
        do {
          if (isAsync) await c.op(st, i++);
          else c.op(st, i++);
          k++;
        } while (performance.now() - t0 < want / 3);
        const per = (performance.now() - t0) / (k - 1);
        k = Math.max(1, Math.round(want / per));
      }
      for (let r = 0; r < (c.reps || reps); r++) {
        const t0 = performance.now();
        if (isAsync) for (let j = 0; j < k; j++) await c.op(st, i++);
        else for (let j = 0; j < k; j++) c.op(st, i++);
        const dt = (performance.now() - t0) / 1000;
        xs.push(c.bytes ? (k * c.bytes) / 1048576 / dt : k / dt);
      }
      const row = {
        case: id,
        unit: c.bytes ? 'MiB/s' : 'ops/s',
        median: r3(med(xs)),
        min: r3(Math.min(...xs)),
        max: r3(Math.max(...xs)),
        us_per_op: c.bytes ? undefined : r3(1e6 / med(xs)),
        setup_ms: Math.round(setupMs),
        note: c.note,
      };
      out.push(row);
      log(row);
    } catch (e) {
      const row = { case: id, error: String(e?.message || e).slice(0, 200) };
      out.push(row);
      log(row);
    }
  }
  return out;
}
