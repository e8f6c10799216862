// Walks the imports of a tree of source files and tells every edge that the table does not have. A tree is a map from
// path to text, so that the walker can be tried on planted trees as well as on the repository.

import { isBuiltin } from 'node:module';
import { dirname, join, normalize } from 'node:path/posix';
import { readModule, type Import } from './imports.ts';
import { isAllowed, ruleFor, workshops } from './table.ts';

export type Tree = ReadonlyMap<string, string>;

interface Manifest {
  readonly name?: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Folder (`''` for the root, else ending in a slash) → its package.json. */
type Manifests = ReadonlyMap<string, Manifest>;

function manifestsOf(tree: Tree): Manifests {
  const manifests = new Map<string, Manifest>();
  for (const [path, text] of tree)
    if (path === 'package.json' || path.endsWith('/package.json'))
      manifests.set(path.slice(0, -'package.json'.length), JSON.parse(text) as Manifest);
  return manifests;
}

function nearest(manifests: Manifests, path: string): Manifest {
  const folders = [...manifests.keys()].filter((folder) => path.startsWith(folder));
  folders.sort((a, b) => b.length - a.length);
  return manifests.get(folders[0] ?? '') ?? {};
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The file that a workspace's `exports` give for a specifier; undefined when they do not list it. */
function workspaceFile(folder: string, exported: Manifest['exports'], subpath: string): string | undefined {
  for (const [key, target] of Object.entries(exported ?? {})) {
    if (key === subpath) return normalize(join(folder, target));
    const [before = '', after] = key.split('*');
    if (after === undefined || !subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    return normalize(
      join(folder, target.replace('*', subpath.slice(before.length, subpath.length - after.length))),
    );
  }
  return undefined;
}

/** What a specifier means: a path in the tree, `npm:<package>`, `node:<module>`; or a sentence about why nothing. */
function resolveFrom(
  path: string,
  specifier: string,
  manifests: Manifests,
): { readonly target: string } | { readonly wrong: string } {
  const [bare = ''] = specifier.split('?');
  if (bare.startsWith('.') || (specifier.endsWith('.d.ts') && !bare.startsWith('@')))
    return { target: normalize(join(dirname(path), bare)) };
  if (bare.startsWith('/') || bare.startsWith('#')) return { wrong: 'is neither relative nor a package' };
  if (isBuiltin(bare)) return bare.startsWith('node:') ? { target: bare } : { wrong: 'lacks node:' };
  const name = packageName(bare);
  for (const [folder, manifest] of manifests) {
    if (manifest.name !== name) continue;
    const file = workspaceFile(folder, manifest.exports, `.${bare.slice(name.length)}`);
    return file === undefined ? { wrong: 'is not among the exports of its package' } : { target: file };
  }
  return { target: `npm:${name}` };
}

/** Whether a package stands in the manifest that its importer answers to. Type-only imports may be for development. */
function isDeclared(path: string, name: string, typeOnly: boolean, manifests: Manifests): boolean {
  const own = nearest(manifests, path);
  const isWorkshop = workshops.some((room) => path.startsWith(room));
  const asked = isWorkshop ? [...manifests.values()] : [own];
  return asked.some(({ dependencies = {}, devDependencies = {} }) => {
    if (name in dependencies) return true;
    return (isWorkshop || typeOnly) && (name in devDependencies || `@types/${name}` in devDependencies);
  });
}

function isSource(path: string): boolean {
  return /\.tsx?$/.test(path);
}

function wrongWith(path: string, edge: Import, tree: Tree, manifests: Manifests): string | undefined {
  const { specifier, typeOnly } = edge;
  const rule = ruleFor(path);
  if (rule === undefined) return `${path} lies in no room of the table`;
  if (specifier === undefined)
    return workshops.some((room) => path.startsWith(room)) ? undefined : `${path} computes what it imports`;
  const found = resolveFrom(path, specifier, manifests);
  if ('wrong' in found) return `${path} → ${specifier}: ${found.wrong}`;
  const { target } = found;
  if (!isAllowed(rule, target)) return `${path} → ${target} is not in the table`;
  if (target.startsWith('npm:') && !isDeclared(path, target.slice(4), typeOnly, manifests))
    return `${path} → ${target} is not among the dependencies of its package.json`;
  if (
    !target.startsWith('npm:') &&
    !target.startsWith('node:') &&
    !tree.has(target) &&
    !target.includes('/dist/')
  )
    return `${path} → ${target} does not exist`;
  return undefined;
}

/** Every forbidden edge of the tree, or of one file in it, one sentence each. */
export function findForbidden(tree: Tree, only?: string): readonly string[] {
  const manifests = manifestsOf(tree);
  const found: string[] = [];
  for (const [path, source] of tree) {
    if (!isSource(path) || path !== (only ?? path)) continue;
    if (ruleFor(path) === undefined) found.push(`${path} lies in no room of the table`);
    for (const edge of readModule(path, source).imports) {
      const wrong = wrongWith(path, edge, tree, manifests);
      if (wrong !== undefined) found.push(wrong);
    }
  }
  return [...new Set(found)];
}

/** Every circle of imports that are there at run time, as the paths along it. */
export function findCycles(tree: Tree): readonly string[] {
  const manifests = manifestsOf(tree);
  const targetsOf = (path: string): readonly string[] =>
    readModule(path, tree.get(path) ?? '').imports.flatMap(({ specifier, typeOnly }) => {
      if (typeOnly || specifier === undefined) return [];
      const found = resolveFrom(path, specifier, manifests);
      return 'target' in found && tree.has(found.target) && isSource(found.target) ? [found.target] : [];
    });
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push([...trail.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const target of targetsOf(path)) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of tree.keys()) if (isSource(path)) walk(path, []);
  return cycles;
}

/** Source files with a default export that are not configurations. */
export function findDefaultExports(tree: Tree): readonly string[] {
  return [...tree.keys()].filter(
    (path) =>
      isSource(path) &&
      !path.endsWith('.config.ts') &&
      !path.endsWith('.d.ts') &&
      readModule(path, tree.get(path) ?? '').hasDefaultExport,
  );
}
