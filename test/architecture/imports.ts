// Reads what a source file imports and exports, from its syntax tree: static imports, re-exports, `import()` as an
// expression or a type, and reference comments. A regular expression would miss some and see others in strings.

import { parseAst } from 'vite';

export interface Import {
  /** What stands between the quotes; undefined when it is computed at run time. */
  readonly specifier: string | undefined;
  /** Erased before it runs. */
  readonly typeOnly: boolean;
}

export interface Module {
  readonly imports: readonly Import[];
  readonly hasDefaultExport: boolean;
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function literal(value: unknown): string | undefined {
  if (!isNode(value) || value.type !== 'Literal') return undefined;
  return typeof value['value'] === 'string' ? value['value'] : undefined;
}

/** Whether an import or export statement leaves nothing behind: marked as a whole, or each of its names. */
function isTypeOnly(node: Node): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const names = node['specifiers'];
  if (!Array.isArray(names) || names.length === 0) return false;
  return names.every(
    (name: unknown) => isNode(name) && (name['importKind'] ?? name['exportKind']) === 'type',
  );
}

function isNamedDefault(node: Node): boolean {
  const names = node['specifiers'];
  if (node.type !== 'ExportNamedDeclaration' || !Array.isArray(names)) return false;
  return names.some(
    (name: unknown) => isNode(name) && isNode(name['exported']) && name['exported']['name'] === 'default',
  );
}

function visit(value: unknown, seen: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) visit(each, seen);
  if (!isNode(value)) return;
  seen(value);
  for (const each of Object.values(value)) visit(each, seen);
}

/** Every edge of a file. Throws when the source cannot be parsed. */
export function readModule(path: string, source: string): Module {
  const imports: Import[] = [];
  let hasDefaultExport = false;
  for (const [, types] of source.matchAll(/^\/\/\/\s*<reference\s+(?:types|path)=["']([^"']+)["']/gm))
    imports.push({ specifier: types, typeOnly: true });
  visit(parseAst(source, { lang: path.endsWith('x') ? 'tsx' : 'ts' }), (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        if (isNode(node['source']))
          imports.push({ specifier: literal(node['source']), typeOnly: isTypeOnly(node) });
        if (isNamedDefault(node)) hasDefaultExport = true;
        break;
      case 'ImportExpression':
        imports.push({ specifier: literal(node['source']), typeOnly: false });
        break;
      case 'TSImportType':
        imports.push({ specifier: literal(node['source']), typeOnly: true });
        break;
      case 'ExportDefaultDeclaration':
        hasDefaultExport = true;
        break;
    }
  });
  return { imports, hasDefaultExport };
}
