// Flattens one parsed resource by the default tables, for tests of the plan without files.

import type { FhirVersion } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { isJsonObject, type JsonObject } from '../../src/json.ts';
import { makeDefaultTables } from '../../src/plan/default-tables.ts';
import type { CellStorage, CellValue, DropRule, FlattenContext, TableBuilder, TableSchema, TypedStorage } from '../../src/types.ts';

export interface FlattenedResource<Cell extends CellValue = string> {
  /** Cells by column name; null columns are left out. */
  readonly row: Readonly<Record<string, Cell>>;
  /** `other_json` parsed; undefined when it is null. */
  readonly otherJson: unknown;
  readonly schema: TableSchema;
  readonly misfits: readonly string[];
  /** `rule path`, one for each value. */
  readonly normalised: readonly string[];
  readonly unknown: readonly string[];
  readonly dropped: readonly { readonly rule: DropRule; readonly path: string; readonly leafCount: number; readonly byteCount: number }[];
}

const loadTables = async (version: FhirVersion) => makeDefaultTables(await loadModel(version), { hasDetails: false, codings: 'extra' });
const tablesByVersion = { r4: await loadTables('r4'), r4b: await loadTables('r4b'), r5: await loadTables('r5') };

export interface FlattenOptions {
  readonly id?: string;
  readonly hasNumberText?: boolean;
  readonly version?: FhirVersion;
}

export function flattenResource(resource: JsonObject, options: FlattenOptions = {}): FlattenedResource {
  // In text storage cells are strings.
  return flatten(resource, options, { kind: 'text' }) as FlattenedResource;
}

/** The cells that a typed sink gets. */
export function flattenTyped(resource: JsonObject, storage: TypedStorage, options: FlattenOptions = {}): FlattenedResource<CellValue> {
  return flatten(resource, options, storage);
}

function flatten(resource: JsonObject, options: FlattenOptions, storage: CellStorage): FlattenedResource<CellValue> {
  const flattener = tablesByVersion[options.version ?? 'r4'].flattenersFor(String(resource.resourceType))[0];
  if (flattener === undefined) throw new Error('no flattener');
  const schema = flattener.tables[0] as TableSchema;
  const cells = new Map<string, CellValue>();
  const misfits: string[] = [];
  const unknown: string[] = [];
  const normalised: string[] = [];
  const dropped: FlattenedResource['dropped'][number][] = [];
  const builder: TableBuilder = {
    schema,
    rowCount: 0,
    byteCount: 0,
    addRow: () => {
      cells.clear();
      return 0;
    },
    set: (_, columnIndex, value) => {
      const name = schema.columns[columnIndex]?.name as string;
      if (cells.has(name)) throw new Error(`${name} is set twice`);
      cells.set(name, value);
    },
    get: (_, columnIndex) => cells.get(schema.columns[columnIndex]?.name as string),
    truncate: () => {},
    take: () => {
      throw new Error('not used');
    },
  };
  const context: FlattenContext = {
    storage,
    countMisfit: (path) => misfits.push(path),
    countUnknown: (path) => unknown.push(path),
    countNormalised: (rule, path) => normalised.push(`${rule} ${path}`),
    countDropped: (rule, path, leafCount, byteCount) => dropped.push({ rule, path, leafCount, byteCount }),
  };
  const addRows = flattener.bind([builder], context);
  const envelope = {
    resource,
    hasNumberText: options.hasNumberText ?? false,
    fullUrl: undefined,
    location: () => ({ sourceName: 'test' }),
    rawText: () => '',
    rawBytes: () => new Uint8Array(0),
  };
  addRows(envelope, options.id ?? (typeof resource.id === 'string' ? resource.id : 'generated'));
  const { other_json: otherJson, ...row } = Object.fromEntries(cells);
  return { row, otherJson: otherJson === undefined ? undefined : JSON.parse(String(otherJson)), schema, misfits, normalised, unknown, dropped };
}

/** Leaf values of a JSON value as text, with their paths; null is no value. */
export function leavesOf(value: unknown, path = ''): readonly { readonly path: string; readonly text: string }[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, path));
  if (isJsonObject(value as JsonObject)) return Object.keys(value as JsonObject).flatMap((key) => leavesOf((value as JsonObject)[key], `${path}.${key}`));
  return [{ path, text: String(value) }];
}
