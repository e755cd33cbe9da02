// What the parts' readings give → what one reading of all sources would have given.

import { type Diagnostic, Diagnostics } from '../diagnostics.ts';
import type { Registry } from '../registry.ts';
import type { JoinedTable } from '../types.ts';
import type { PartReading } from './part.ts';
import { RunCounts } from './run-counts.ts';
import { maxUndefinedTypes } from './table-set.ts';
import { findUnresolved, type UnresolvedReferences } from './unresolved-references.ts';

export interface MergedReading {
  readonly counts: RunCounts;
  readonly diagnostics: Diagnostics;
  /** Sorted by name. */
  readonly tables: readonly JoinedTable[];
  readonly partCount: number;
  readonly rejectParts: readonly number[];
  readonly notReplacedCount: number;
  readonly unresolved: UnresolvedReferences;
}

/**
 * Undefined when the parts together go beyond a limit that counts over all: then it depends on the order of reading what
 * falls under it, and only a reading in one piece gives that. Diagnostics of part 0 have been reported already.
 */
export function mergeReadings(
  readings: readonly PartReading[],
  registry: Registry,
  onDiagnostic: (diagnostic: Diagnostic, countOfCode: number) => void,
): MergedReading | undefined {
  const counts = new RunCounts();
  const diagnostics = new Diagnostics(onDiagnostic);
  for (const reading of readings) counts.add(reading.counts);
  if (readings.length > 1 && (counts.isOverfull || haveTooManyTypes(readings) || haveClashingTypes(readings, registry))) return undefined;
  for (const [part, reading] of readings.entries()) diagnostics.add(reading.diagnostics, part > 0);
  return {
    counts,
    diagnostics,
    tables: joinTables(readings, registry),
    partCount: readings.length,
    rejectParts: [...readings.keys()].filter((part) => (readings[part] as PartReading).counts.rejectCount > 0),
    notReplacedCount: readings.reduce((sum, { notReplacedCount }) => sum + notReplacedCount, 0),
    unresolved: findUnresolved(readings),
  };
}

/** True when two parts have different keys for what their hashes say is one resource. */
export function haveCollidingKeys(readings: readonly PartReading[]): boolean {
  const keys = new Map<number, string>();
  for (const { contestKeys, hasCollision } of readings) {
    if (hasCollision) return true;
    for (const [id, key] of contestKeys) {
      if ((keys.get(id) ?? key) !== key) return true;
      keys.set(id, key);
    }
  }
  return false;
}

function haveTooManyTypes(readings: readonly PartReading[]): boolean {
  const types = new Set(readings.flatMap(({ undefinedTypes }) => undefinedTypes));
  return types.size > maxUndefinedTypes || readings.some(({ diagnostics }) => diagnostics.counts.has('RESOURCE_TYPE_LIMIT'));
}

/** True when types of different parts, which FHIR does not define, have a table of the same name. */
function haveClashingTypes(readings: readonly PartReading[], registry: Registry): boolean {
  const typeByTable = new Map<string, string>();
  for (const type of new Set(readings.flatMap(({ undefinedTypes }) => undefinedTypes))) {
    for (const { name } of registry.flattenersFor(type).flatMap(({ tables }) => tables)) {
      if ((typeByTable.get(name) ?? type) !== type) return true;
      typeByTable.set(name, type);
    }
  }
  return false;
}

function joinTables(readings: readonly PartReading[], registry: Registry): JoinedTable[] {
  const tables = new Map<string, JoinedTable>();
  for (const [part, reading] of readings.entries()) {
    for (const { name, resourceType, facts } of reading.tables) {
      const known = tables.get(name);
      // Schemas stay at home: this thread makes the same ones.
      const schema = known?.schema ?? registry.flattenersFor(resourceType).flatMap((flattener) => flattener.tables.filter((table) => table.name === name))[0];
      if (schema === undefined) throw new Error(`no table ${name}`);
      tables.set(name, {
        schema,
        facts: {
          rowCount: facts.rowCount + (known?.facts.rowCount ?? 0),
          replacedCharacterCount: facts.replacedCharacterCount + (known?.facts.replacedCharacterCount ?? 0),
          unfitCellCount: (facts.unfitCellCount ?? 0) + (known?.facts.unfitCellCount ?? 0),
        },
        parts: [...(known?.parts ?? []), part],
      });
    }
  }
  return [...tables.values()].sort((a, b) => (a.schema.name < b.schema.name ? -1 : 1));
}
