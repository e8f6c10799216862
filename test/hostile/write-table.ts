// Writes the table of rows into SECURITY.md: after tests of rows were added or moved. Prettier aligns it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from './table.ts';

const path = join(import.meta.dirname, '..', '..', 'SECURITY.md');
const before = readFileSync(path, 'utf8');
const after = before.replace(/^\| Row +\|.*\n(?:\|.*\n)*/m, `${markdownTable()}\n`);
writeFileSync(path, after);
