// Runs a ViewDefinition over resources in memory and gives its rows as JSON: how tests and the conformance runner see a
// view, without files.

import type { FhirVersion } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import type { JsonObject, JsonValue } from '../../src/json.ts';
import { hasNumberText } from '../../src/read/parse-lossless.ts';
import { decideId } from '../../src/run/resource-id.ts';
import type { CellValue, ColumnType, FlattenContext, Flattener, ReferenceLookup, TableBuilder, ViewFunction } from '../../src/types.ts';
import { makeViewFlatteners } from '../../src/view/make-view-flattener.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface RunViewOptions {
  readonly version?: FhirVersion;
  readonly isStrict?: boolean;
  readonly functions?: ReadonlyMap<string, ViewFunction>;
  readonly references?: ReferenceLookup;
}

/** Throws what is wrong with the view, or with a resource. */
export async function runView(view: unknown, resources: readonly JsonObject[], options: RunViewOptions = {}): Promise<readonly Row[]> {
  return runFlattener(await makeFlattener(view, options), resources, options.references);
}

export async function makeFlattener(view: unknown, { functions, isStrict, version = 'r4' }: RunViewOptions = {}): Promise<Flattener> {
  const written = { view, origin: 'test.json', defaultName: 'view', label: 'view' };
  const { flatteners } = await makeViewFlatteners([written], { model: await loadModel(version), functions, isStrict });
  return flatteners[0] as Flattener;
}

/** Rows of all resources of the view's type; null cells are null, those of collections lists. */
export function runFlattener(flattener: Flattener, resources: readonly JsonObject[], references?: ReferenceLookup): readonly Row[] {
  const [schema] = flattener.tables;
  if (schema === undefined) throw new Error('a view without a table');
  const rows: Record<string, unknown>[] = [];
  const builder: TableBuilder = {
    schema,
    rowCount: 0,
    byteCount: 0,
    addRow: () => rows.push(Object.fromEntries(schema.columns.map(({ name }) => [name, null]))) - 1,
    set: (row, column, value) => {
      const { name, type } = schema.columns[column] as (typeof schema.columns)[number];
      (rows[row] as Record<string, unknown>)[name] = readCell(value, type);
    },
    get: () => undefined,
    truncate: () => {},
    take: () => {
      throw new Error('not used');
    },
  };
  const context = { storage: 'text', references, countMisfit: () => {}, countUnknown: () => {}, countDropped: () => {} } as unknown as FlattenContext;
  const flatten = flattener.bind([builder], context);
  for (const resource of resources) {
    if (resource['resourceType'] !== flattener.resourceType) continue;
    const envelope = {
      resource,
      hasNumberText: hasNumberText(resource),
      fullUrl: undefined,
      location: () => ({ sourceName: 'test' }),
      rawText: () => '',
      rawBytes: () => new Uint8Array(0),
    };
    flatten(envelope, decideId(envelope, flattener.resourceType).id);
  }
  return rows;
}

/** The text of a cell as JSON would have its value. */
function readCell(value: CellValue, type: ColumnType): unknown {
  if (Array.isArray(value)) return value.map((item) => readCell(item, type));
  const text = String(value);
  if (type.kind === 'json') return JSON.parse(text) as JsonValue;
  switch (type.fhirType) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'decimal':
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
      return Number(text);
    default:
      return text;
  }
}
