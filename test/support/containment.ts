// Proves on the written files that no value of the input is lost: for each leaf value of each resource there is a
// cell of its row whose column reads that element and holds the value, or the same path in other_json, or a rule
// that the report counts. Reads the files only; shares no code with the product.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type Leaf, leavesOf, type PlainResource, parsePlain } from './read-input.ts';

interface WrittenColumn {
  readonly name: string;
  readonly path?: string | null;
}

export interface WrittenTable {
  readonly file: string;
  readonly rowCount: number;
  readonly resourceType: string;
  readonly columns: readonly WrittenColumn[];
}

export interface Containment {
  readonly leafCount: number;
  /** Leaves that stand nowhere, by path. */
  readonly missing: ReadonlyMap<string, number>;
  /** Resources without a row. */
  readonly withoutRow: number;
}

export function readRows(file: string): Record<string, string>[] {
  return parse(readFileSync(file), { columns: true, relax_column_count: false });
}

/** The tables of an output folder, as its _schema.json describes them. */
export function readTables(outputFolder: string): readonly WrittenTable[] {
  const schema = JSON.parse(readFileSync(join(outputFolder, '_schema.json'), 'utf8')) as { tables: Record<string, WrittenTable> };
  return Object.values(schema.tables);
}

export function checkContainment(outputFolder: string, resources: readonly PlainResource[]): Containment {
  const missing = new Map<string, number>();
  let leafCount = 0;
  let withoutRow = 0;
  for (const table of readTables(outputFolder)) {
    const rows = new Map(readRows(join(outputFolder, table.file)).map((row) => [row.id, row]));
    const readsElement = columnMatcher(table.columns);
    for (const resource of resources) {
      if (resource.resourceType !== table.resourceType || typeof resource.id !== 'string') continue;
      const row = rows.get(resource.id);
      if (row === undefined) {
        withoutRow++;
        continue;
      }
      const kept = new Set(leavesOf(row.other_json === '' ? null : parsePlain(row.other_json as string)).map((leaf) => `${leaf.indexedPath} ${leaf.text}`));
      for (const leaf of leavesOf(resource)) {
        leafCount++;
        if (leaf.path === 'resourceType' || kept.has(`${leaf.indexedPath} ${leaf.text}`)) continue;
        const path = `${table.resourceType}.${leaf.path}`;
        const isShown = readsElement(path).some((column) => holds(row[column.name] as string, leaf)) || isUcum(leaf);
        if (!isShown) missing.set(path, (missing.get(path) ?? 0) + 1);
      }
    }
  }
  return { leafCount, missing, withoutRow };
}

/** The columns that read an element, by the FHIR path in _schema.json. */
function columnMatcher(columns: readonly WrittenColumn[]): (path: string) => readonly WrittenColumn[] {
  const patterns = columns
    .filter((column) => typeof column.path === 'string' && column.name !== 'other_json')
    .map((column) => ({ column, tests: (column.path as string).split(' | ').map(makePattern) }));
  const found = new Map<string, readonly WrittenColumn[]>();
  return (path) => {
    let matching = found.get(path);
    if (matching === undefined) {
      matching = patterns.filter(({ tests }) => tests.some((test) => test.test(path))).map(({ column }) => column);
      found.set(path, matching);
    }
    return matching;
  };
}

function makePattern(fhirPath: string): RegExp {
  const escaped = fhirPath.replace(/[.]/g, '\\.').replace('[x]', '[A-Z][A-Za-z0-9]*');
  // A reference by search stands in the identifier's column.
  const source = escaped.endsWith('\\.identifier') ? `${escaped.slice(0, -'identifier'.length)}(?:identifier|reference)` : escaped;
  return new RegExp(`^${source}(?:\\.|$)`);
}

function holds(cell: string, leaf: Leaf): boolean {
  if (cell === leaf.text) return true;
  if (cell === '') return false;
  if (leaf.path.endsWith('reference')) return leaf.text === decodeReference(cell, leaf.text);
  return ['; ', ' ', ', ', '\n', '|'].some((separator) => cell.includes(separator) && cellParts(cell, separator).includes(leaf.text));
}

function cellParts(cell: string, separator: string): readonly string[] {
  if (separator !== '|') return cell.split(separator);
  const bar = cell.lastIndexOf('|');
  return [cell.slice(0, bar), cell.slice(bar + 1), ...cell.split('|')];
}

/** The literal reference that a bare id, a contained id or an identifier stands for. */
function decodeReference(cell: string, text: string): string | undefined {
  const hash = cell.lastIndexOf('#');
  const candidates = [
    `urn:uuid:${cell}`,
    `urn:oid:${cell}`,
    hash < 0 ? '' : cell.slice(hash),
    `${text.split('/')[0]}/${cell}`,
    `${text.split('?')[0]}?identifier=${cell}`,
  ];
  return candidates.find((candidate) => candidate === text);
}

function isUcum(leaf: Leaf): boolean {
  return leaf.path.endsWith('.system') && leaf.text === 'http://unitsofmeasure.org';
}
