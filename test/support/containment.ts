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
  readonly description?: string;
}

export interface WrittenTable {
  readonly file: string;
  readonly description: string;
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

type Row = Readonly<Record<string, string>>;

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
  const tables = readTables(outputFolder);
  const recursiveBases = tables.filter(({ columns }) => columns.some(({ name }) => name === 'parent_idx')).map(basePath);
  for (const resourceType of new Set(tables.map((table) => table.resourceType))) {
    const views = tables.filter((table) => table.resourceType === resourceType).map((table) => viewTable(outputFolder, table, recursiveBases));
    const main = views.find((view) => view.isMain);
    for (const resource of resources) {
      if (resource.resourceType !== resourceType || typeof resource.id !== 'string') continue;
      const { id } = resource;
      const row = main?.rowsOf(id)[0];
      if (row === undefined) {
        withoutRow++;
        continue;
      }
      const kept = new Set(leavesOf(row.other_json ? parsePlain(row.other_json) : null).map((leaf) => `${leaf.indexedPath} ${leaf.text}`));
      const shown = views.flatMap((view) => view.shownElsewhere(id));
      for (const leaf of leavesOf(resource)) {
        leafCount++;
        if (leaf.path === 'resourceType' || kept.has(`${leaf.indexedPath} ${leaf.text}`)) continue;
        const path = `${resourceType}.${leaf.path}`;
        const isShown = views.some((view) => view.holds(id, path, leaf)) || shown.some((set) => set.has(leaf.text)) || isUcum(leaf);
        if (!isShown) missing.set(path, (missing.get(path) ?? 0) + 1);
      }
    }
  }
  return { leafCount, missing, withoutRow };
}

interface TableView {
  readonly isMain: boolean;
  rowsOf(id: string): readonly Row[];
  /** True when a cell that reads the element holds the leaf. */
  holds(id: string, path: string, leaf: Leaf): boolean;
  /** The values in the coding and extension tables, whose columns read no element in particular. */
  shownElsewhere(id: string): readonly ReadonlySet<string>[];
}

/** `Questionnaire.item`: what a child table has rows for, as its description says. */
function basePath({ description }: WrittenTable): string {
  return /^One row per item of (\S+)\.$/.exec(description)?.[1] ?? '';
}

function viewTable(outputFolder: string, table: WrittenTable, recursiveBases: readonly string[]): TableView {
  const key = table.columns[0]?.name as string;
  const rowsById = new Map<string, Row[]>();
  for (const row of readRows(join(outputFolder, table.file))) {
    const rows = rowsById.get(row[key] as string) ?? [];
    rows.push(row);
    rowsById.set(row[key] as string, rows);
  }
  const rowsOf = (id: string) => rowsById.get(id) ?? [];
  const readsElement = columnMatcher(table.columns, recursiveBases);
  const isAnywhere = /_(?:extra_coding|coding|extension)\.csv$/.test(table.file);
  return {
    isMain: key === 'id',
    rowsOf,
    holds: (id, path, leaf) => {
      const columns = readsElement(path);
      return columns.length > 0 && rowsOf(id).some((row) => columns.some((column) => holds(row[column.name] as string, leaf, column.name.endsWith('_json'))));
    },
    shownElsewhere: (id) => (isAnywhere ? rowsOf(id).map(valuesOf) : []),
  };
}

/** The cells of a row, and the leaves of those that hold JSON. */
function valuesOf(row: Row): ReadonlySet<string> {
  const values = new Set(Object.values(row));
  for (const leaf of leavesOf(row.value_json ? parsePlain(row.value_json) : null)) values.add(leaf.text);
  return values;
}

/** The columns that read an element, by the FHIR path in _schema.json. */
function columnMatcher(columns: readonly WrittenColumn[], recursiveBases: readonly string[]): (path: string) => readonly WrittenColumn[] {
  const patterns = columns
    .filter((column) => typeof column.path === 'string' && column.name !== 'other_json')
    .map((column) => ({ column, tests: (column.path as string).split(' | ').map((path) => makePattern(path, recursiveBases)) }));
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

function makePattern(fhirPath: string, recursiveBases: readonly string[]): RegExp {
  const base = recursiveBases.find((candidate) => fhirPath.startsWith(`${candidate}.`));
  // Items of a recursive element stand in its table at any depth.
  const start = base === undefined ? '' : `${escapePath(base)}(?:\\.\\w+)*`;
  const escaped = start + escapePath(base === undefined ? fhirPath : fhirPath.slice(base.length));
  // A reference by search stands in the identifier's column.
  const source = escaped.endsWith('\\.identifier') ? `${escaped.slice(0, -'identifier'.length)}(?:identifier|reference)` : escaped;
  return new RegExp(`^${source}(?:\\.|$)`);
}

function escapePath(fhirPath: string): string {
  return fhirPath.replaceAll('.', '\\.').replace('[x]', '[A-Z][A-Za-z0-9]*');
}

function holds(cell: string, leaf: Leaf, isJson: boolean): boolean {
  if (cell === leaf.text) return true;
  if (cell === '') return false;
  if (isJson) return leavesOf(parsePlain(cell)).some((inner) => inner.text === leaf.text);
  if (leaf.path.endsWith('reference') && leaf.text === decodeReference(cell, leaf.text)) return true;
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
