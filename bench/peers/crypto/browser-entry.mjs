import { runCases } from './measure.mjs';
import { cases, env } from './cases.mjs';
import Olm from '@matrix-org/olm';
import * as M from '@matrix-org/matrix-sdk-crypto-wasm';
import * as W from '@wireapp/core-crypto/browser';
globalThis.OLM_OPTIONS = {}; // olm.js assigns this undeclared name, which strict mode forbids
env.olm = Olm;
env.olmOpts = { locateFile: () => '/olm.wasm' };
env.matrix = { ...M, initAsync: () => M.initAsync('/matrix.wasm') };
env.corecrypto = W;
env.corecryptoWasm = '/corecrypto.wasm';
window.benchRun = (filter) =>
  runCases(cases, { filter, log: (r) => console.log('ROW ' + JSON.stringify(r)) });
