// Flattens one parsed resource into all its default tables, for tests of child tables without files.

import type { FhirVersion } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import type { JsonObject } from '../../src/json.ts';
import { makeDefaultTables } from '../../src/plan/default-tables.ts';
import { createTextBuilder } from '../../src/table/cell-builder.ts';
import type { FlattenContext, TextVector } from '../../src/types.ts';

type Row = Readonly<Record<string, string>>;

const models = { r4: await loadModel('r4'), r4b: await loadModel('r4b'), r5: await loadModel('r5') };
const context: FlattenContext = { storage: { kind: 'text' }, countMisfit: () => {}, countUnknown: () => {}, countDropped: () => {}, countNormalised: () => {} };

/** Table name → its rows, null cells left out; tables without rows are left out. */
export function flattenTables(resource: JsonObject, codings: 'extra' | 'all' = 'extra', version: FhirVersion = 'r4'): Readonly<Record<string, readonly Row[]>> {
  const [flattener] = makeDefaultTables(models[version], { hasDetails: true, codings }).flattenersFor(String(resource.resourceType));
  if (flattener === undefined) throw new Error('no flattener');
  const builders = flattener.tables.map(createTextBuilder);
  const flatten = flattener.bind(builders, context);
  const envelope = {
    resource,
    hasNumberText: false,
    fullUrl: undefined,
    location: () => ({ sourceName: 'test' }),
    rawText: () => '',
    rawBytes: () => new Uint8Array(0),
  };
  flatten(envelope, typeof resource.id === 'string' ? resource.id : 'generated');
  const tables = builders.map((builder) => {
    const { schema, rowCount, vectors } = builder.take();
    const rows = Array.from({ length: rowCount }, (_, row) => {
      const cells = schema.columns.map(({ name }, column) => [name, (vectors[column] as TextVector).values[row]] as const);
      return Object.fromEntries(cells.filter((cell): cell is readonly [string, string] => cell[1] !== undefined));
    });
    return [schema.name, rows] as const;
  });
  return Object.fromEntries(tables.filter(([, rows]) => rows.length > 0));
}
