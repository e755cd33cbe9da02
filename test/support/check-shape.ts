// Proves on the written files that the rows are the right ones: main rows are the distinct resources, child rows the
// items of arrays, keys are unique, and every child row has the rows above it. Reads the files only; shares no code
// with the product.

import { join } from 'node:path';
import { readRows, readTables, type WrittenTable } from './containment.ts';
import type { PlainJson, PlainResource } from './read-input.ts';

type Row = Readonly<Record<string, string>>;

/** Recursive elements whose items hold items of theirs under another name. */
const recursionNames: Readonly<Record<string, readonly string[]>> = {
  'ArtifactAssessment.content': ['component'],
  'Contract.term': ['group'],
  'Evidence.certainty': ['subcomponent'],
  'MedicinalProductAuthorization.procedure': ['application'],
  'RegulatedAuthorization.case': ['application'],
  'OperationDefinition.parameter': ['part'],
  'Parameters.parameter': ['part'],
  'SubstanceDefinition.name': ['synonym', 'translation'],
  'SubstanceSpecification.name': ['synonym', 'translation'],
};

/** What is wrong, one line each; empty when nothing is. `resources` with contained ones beside their containers. */
export function checkShape(outputFolder: string, resources: readonly PlainResource[]): readonly string[] {
  const faults: string[] = [];
  const tables = readTables(outputFolder);
  const rowsOf = new Map(tables.map((table) => [table, readRows(join(outputFolder, table.file))]));
  const expected = countExpectedRows(tables, resources);
  for (const [table, rows] of rowsOf) {
    if (rows.length !== table.rowCount) faults.push(`${table.file}: ${rows.length} rows, ${table.rowCount} in _schema.json`);
    const wanted = expected.get(table.file);
    if (wanted !== undefined && wanted !== rows.length) faults.push(`${table.file}: ${rows.length} rows, ${wanted} items in the input`);
    const key = keyOf(table);
    const keys = new Set(rows.map((row) => key.map((column) => row[column]).join('\n')));
    if (keys.size !== rows.length) faults.push(`${table.file}: ${rows.length - keys.size} rows share their key`);
    const orphans = countOrphans(table, rows, rowsOf);
    if (orphans > 0) faults.push(`${table.file}: ${orphans} rows without the row above`);
  }
  for (const [file, count] of expected) if (count > 0 && !tables.some((table) => table.file === file)) faults.push(`${file}: missing, for ${count} items`);
  return faults;
}

/** `Patient.name`: what a child table has rows for, as its description says. */
export function basePathOf({ description }: WrittenTable): string | undefined {
  return /^One row per item of (\S+)\.$/.exec(description)?.[1];
}

export function isMainTable({ columns }: WrittenTable): boolean {
  return columns[0]?.name === 'id';
}

function keyOf({ columns, file }: WrittenTable): readonly string[] {
  const isAnywhere = /_(?:extra_coding|coding|extension)\.csv$/.test(file);
  const indexes = columns.map(({ name }) => name).filter((name) => (name === 'idx' || name.endsWith('_idx')) && name !== 'parent_idx');
  return [columns[0]?.name ?? '', ...(isAnywhere ? ['path', 'is_modifier'] : []), ...indexes];
}

/** File → rows that the input asks for: of main tables and of those of arrays. */
function countExpectedRows(tables: readonly WrittenTable[], resources: readonly PlainResource[]): ReadonlyMap<string, number> {
  const mains = tables.filter(isMainTable);
  const byPath = new Map<string, number>();
  const distinct = new Map<string, Set<string>>();
  for (const resource of resources) {
    const type = String(resource.resourceType);
    const ids = distinct.get(type) ?? new Set();
    distinct.set(type, ids.add(typeof resource.id === 'string' ? resource.id : `${ids.size} has none`));
    countItems(resource, type, byPath);
  }
  const expected = new Map<string, number>(mains.map(({ file, resourceType }) => [file, distinct.get(resourceType)?.size ?? 0]));
  const details = tables.filter((table) => basePathOf(table) !== undefined);
  const recursive = details.filter(isRecursive).map((table) => basePathOf(table) as string);
  for (const [path, count] of byPath) {
    let reduced = path;
    for (let before = ''; before !== reduced; ) {
      before = reduced;
      for (const base of recursive) reduced = reduce(reduced, base);
    }
    const table = details.find((candidate) => basePathOf(candidate) === reduced);
    if (table !== undefined) expected.set(table.file, (expected.get(table.file) ?? 0) + count);
  }
  return expected;
}

/** `Questionnaire.item.item.code` → `Questionnaire.item.code` */
function reduce(path: string, base: string): string {
  if (!path.startsWith(`${base}.`)) return path;
  const names = [base.split('.').at(-1) as string, ...(recursionNames[base] ?? [])];
  const rest = path.slice(base.length + 1).split('.');
  const last = rest.findLastIndex((segment) => names.includes(segment));
  return last < 0 ? path : [base, ...rest.slice(last + 1)].join('.');
}

function countItems(value: PlainJson | undefined, path: string, counts: Map<string, number>): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item !== 'object' || item === null || Array.isArray(item)) continue;
      counts.set(path, (counts.get(path) ?? 0) + 1);
      countItems(item, path, counts);
    }
  } else if (typeof value === 'object' && value !== null) {
    // A resource inside, as in Parameters.parameter, is kept as it is; an element with an odd key is none.
    if (typeof value['resourceType'] === 'string' && path.includes('.')) return;
    for (const key of Object.keys(value)) countItems(value[key], `${path}.${key}`, counts);
  }
}

/** Rows whose resource has no main row, or whose `…_idx` leads to no row of the table above. */
function countOrphans(table: WrittenTable, rows: readonly Row[], rowsOf: ReadonlyMap<WrittenTable, readonly Row[]>): number {
  if (isMainTable(table)) return 0;
  const key = table.columns[0]?.name as string;
  const main = [...rowsOf.keys()].find((candidate) => isMainTable(candidate) && candidate.resourceType === table.resourceType);
  const ids = new Set(main === undefined ? [] : rowsOf.get(main)?.map(({ id }) => id));
  let orphans = rows.filter((row) => !ids.has(row[key])).length;
  const indexes = table.columns.map(({ name }) => name).filter((name) => name.endsWith('_idx') && name !== 'parent_idx' && name !== 'coding_idx');
  if (indexes.length > 0 && basePathOf(table) !== undefined) {
    const above = findAbove(table, indexes.length, [...rowsOf.keys()]);
    const aboveKeys = new Set(
      (above === undefined ? [] : (rowsOf.get(above) ?? [])).map((row) =>
        keyOf(above as WrittenTable)
          .map((column) => row[column])
          .join('\n'),
      ),
    );
    orphans += rows.filter((row) => !aboveKeys.has([key, ...indexes].map((column) => row[column]).join('\n'))).length;
  }
  if (isRecursive(table)) {
    // Where recursive elements hold one another, the row around may belong to another item of the outer one.
    const outer = new Set([...rowsOf.keys()].filter(isRecursive).map((other) => indexColumnOf(basePathOf(other) as string)));
    const keys = keyOf(table).filter((column) => column !== 'idx' && !outer.has(column));
    const own = new Set(rows.map((row) => [...keys, 'idx'].map((column) => row[column]).join('\n')));
    orphans += rows.filter((row) => row.parent_idx && !own.has([...keys, 'parent_idx'].map((column) => row[column]).join('\n'))).length;
  }
  return orphans;
}

function isRecursive({ columns }: WrittenTable): boolean {
  return columns.some(({ name }) => name === 'parent_idx');
}

/** `PlanDefinition.relatedAction` → `related_action_idx` */
function indexColumnOf(path: string): string {
  const name = path.split('.').at(-1) as string;
  return `${name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()}_idx`;
}

/** The table whose rows have one index less and whose path is the longest beginning of this one's. */
function findAbove(table: WrittenTable, indexCount: number, tables: readonly WrittenTable[]): WrittenTable | undefined {
  const path = basePathOf(table) as string;
  return tables
    .filter((candidate) => {
      const base = basePathOf(candidate);
      return base !== undefined && path.startsWith(`${base}.`) && keyOf(candidate).length === indexCount + 1;
    })
    .sort((a, b) => (basePathOf(b) as string).length - (basePathOf(a) as string).length)[0];
}
