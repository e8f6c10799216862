// Reads a table from Markdown, for tests that hold a document against the code.

/** The rows below the header whose first cell is `first`, each cell trimmed and unescaped. Throws when there is none. */
export function readTable(markdown: string, first: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => cellsOf(line)[0] === first);
  if (start < 0) throw new Error(`no table whose first column is ${first}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? undefined : end).map(cellsOf);
}

function cellsOf(line: string): readonly string[] {
  if (!line.startsWith('|')) return [];
  const cells = line.slice(1, line.lastIndexOf('|')).split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}
