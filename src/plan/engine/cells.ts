// Cell → function that reads it from the row's objects.

import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { CellStorage, CellValue, ColumnType } from '../../types.ts';
import type { Cell } from '../plan.ts';
import { type ReadPrimitive, readPrimitiveAs } from './primitives.ts';
import { compileReference } from './references.ts';
import { renderValue } from './renderings.ts';
import type { NotedColumn, TableState } from './table-state.ts';

export type ReadCell = (row: TableState) => CellValue | undefined;

/** Compiles the cells that are read from the row's objects; the others are set while the resource is walked. */
export function compileCell(cell: Cell, column: ColumnType, storage: CellStorage, noted?: NotedColumn): ReadCell {
  switch (cell.kind) {
    case 'id':
      return (row) => row.resource.id;
    case 'index':
      return (row) => String(row.index);
    case 'parentIndex':
      return (row) => (row.parentIndex === undefined ? undefined : String(row.parentIndex));
    case 'ancestorIndex': {
      const { levels } = cell;
      return (row) => String(row.above(levels).index);
    }
    case 'value': {
      const { node, key } = cell;
      const { read } = readPrimitiveAs(cell.type, column, storage);
      return (row) => read(row.slots[node]?.[key]);
    }
    case 'list': {
      const { node, key, separator } = cell;
      const { read } = readPrimitiveAs(cell.type, column, storage);
      if (isStoredAsList(column, storage)) return (row) => listAll(row.slots[node]?.[key], read);
      return (row) => joinAll(row.slots[node]?.[key], read, separator);
    }
    case 'joinItems': {
      const { node, key, itemKey, separator } = cell;
      const read = (item: JsonValue | undefined) => (isJsonObject(item) && typeof item[itemKey] === 'string' ? item[itemKey] : undefined);
      return (row) => joinAll(row.slots[node]?.[key], read, separator);
    }
    case 'firstOf': {
      const reads = cell.cells.map((operand) => compileCell(operand, column, storage));
      return (row) => {
        for (let index = 0; index < reads.length; index++) {
          const value = (reads[index] as ReadCell)(row);
          if (value !== undefined) return value;
        }
        return undefined;
      };
    }
    case 'reference': {
      const { node } = cell;
      const read = compileReference(cell.part, cell.shape, noted);
      return (row) => {
        const reference = row.slots[node];
        return reference === undefined ? undefined : read(reference, row.resource);
      };
    }
    case 'rendered': {
      const { node, key, as } = cell;
      return (row) => {
        const object = row.slots[node];
        return object === undefined ? undefined : renderValue(key === undefined ? object : object[key], as);
      };
    }
    case 'presentKey': {
      const { node, labels } = cell;
      return (row) => findPresentKey(row.slots[node], labels);
    }
    case 'count': {
      const { node, key } = cell;
      return (row) => {
        const list = row.slots[node]?.[key];
        return Array.isArray(list) ? String(list.length) : undefined;
      };
    }
    case 'hours': {
      const { node, startKey, endKey } = cell;
      return (row) => countHours(row.slots[node]?.[startKey], row.slots[node]?.[endKey]);
    }
    case 'flagOrPresent': {
      const { node, booleanKey, otherKey } = cell;
      return (row) => {
        const object = row.slots[node];
        const flag = object?.[booleanKey];
        if (object?.[otherKey] !== undefined || flag === true) return 'true';
        return flag === false ? 'false' : undefined;
      };
    }
    case 'containedIn':
      return (row) => row.resource.containedIn;
    case 'version':
      return (row) => row.resource.versionHash;
    case 'json':
    case 'attachment':
    case 'repeated':
    case 'otherJson':
      throw new Error(`${cell.kind} cells are set by the walk`);
    default:
      return cell satisfies never;
  }
}

/** True where a cell holds the items of a list one by one. */
export function isStoredAsList(column: ColumnType, storage: CellStorage): boolean {
  return storage.kind === 'typed' && column.kind === 'list';
}

/** The items, null where `read` accepts none; undefined when it accepts none at all. */
export function listAll(list: JsonValue | undefined, read: ReadPrimitive): CellValue | undefined {
  if (!Array.isArray(list)) return undefined;
  const items = list.map((item) => read(item) ?? null);
  return items.every((item) => item === null) ? undefined : items;
}

/** The items that `read` accepts as one text; undefined when there are none. */
export function joinAll(list: JsonValue | undefined, read: (value: JsonValue | undefined) => CellValue | undefined, separator: string): string | undefined {
  if (!Array.isArray(list)) return undefined;
  if (list.length === 1) return read(list[0]) as string | undefined;
  let text: string | undefined;
  for (let index = 0; index < list.length; index++) {
    const part = read(list[index]);
    if (part !== undefined) text = text === undefined ? (part as string) : text + separator + part;
  }
  return text;
}

function findPresentKey(object: JsonObject | undefined, labels: ReadonlyMap<string, string>): string | undefined {
  if (object === undefined) return undefined;
  for (const [key, label] of labels) if (object[key] !== undefined) return label;
  return undefined;
}

const withTimeAndZone = /T\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/;

/** Hours from one dateTime to another; undefined unless both tell time and zone. */
export function countHours(start: JsonValue | undefined, end: JsonValue | undefined): string | undefined {
  if (typeof start !== 'string' || typeof end !== 'string') return undefined;
  if (!withTimeAndZone.test(start) || !withTimeAndZone.test(end)) return undefined;
  const hours = (Date.parse(end) - Date.parse(start)) / 3_600_000;
  return Number.isFinite(hours) ? String(Math.round(hours * 10_000) / 10_000) : undefined;
}
