// Typed columns → checks of assembly/typed.ts, and what that leaves to the host: values that are not plain, lists.

import type { JsonValue } from '../../json.ts';
import { type PhysicalType, physicalTypeOf } from '../../physical-type.ts';
import type { CellStorage, CellValue, ColumnType, NormaliseRule, PrimitiveTypeName } from '../../types.ts';
import { isStoredAsList, listAll } from '../engine/cells.ts';
import { losesDigits, type PrimitiveReader, readPrimitiveAs } from '../engine/primitives.ts';

const checkKinds = {
  int32: 1,
  int64: 2,
  double: 3,
  numeric: 4,
  decimal: 5,
  date: 6,
  timestamp: 7,
  timestampUtc: 8,
  list: 9,
  textList: 10,
  int32List: 11,
} as const;
const checkBits = 8;

/** How assembly/cells.ts reads the text of a primitive. */
export const readings = { string: 1, boolean: 2, decimal: 3, integer: 4, integer64: 5 } as const;

/** How a value is read for a column, and what it must fit; 0 when any text does. */
export interface WrittenReading {
  readonly reading: number;
  readonly check: number;
  readonly isList: boolean;
}

interface HostCheck {
  readonly reader: PrimitiveReader;
  readonly path: string;
}

type ListWriter = (items: readonly (CellValue | null)[]) => string;

export class ByteChecks {
  readonly #checks: HostCheck[] = [];
  readonly #numbers = new Map<string, number>();
  /** Of the resource being flattened: counted when it has gone well. */
  readonly #pending: { readonly rule: NormaliseRule; readonly path: string }[] = [];

  /** @param path - of the element, for the counts of values that cells say otherwise */
  write(type: PrimitiveTypeName, column: ColumnType, storage: CellStorage, path: string): WrittenReading {
    if (storage.kind === 'text') return { reading: readingOf(type), check: 0, isList: false };
    const physical = physicalTypeOf(column, storage);
    const kind = checkKindOf(physical, type);
    const isList = isStoredAsList(column, storage);
    if (kind === 0) return { reading: physical.kind === 'boolean' ? readings.boolean : readingOf(type), check: 0, isList };
    const key = `${type} ${JSON.stringify(column)} ${path}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#checks.push({ reader: readPrimitiveAs(type, column, storage), path }) - 1;
      this.#numbers.set(key, number);
    }
    return { reading: textReadingOf(physical, type), check: kind | (number << checkBits), isList };
  }

  fits(check: number, value: JsonValue): boolean {
    return this.#checks[check]?.reader.read(value) !== undefined;
  }

  /** False when the cell does not tell all of the value. */
  shows(check: number, value: JsonValue): boolean {
    const rule = this.#checks[check]?.reader.judge?.(value);
    if (rule === undefined) return true;
    this.addDifference(check, rule);
    return !losesDigits(rule);
  }

  /** How a cell differs from its value. */
  addDifference(check: number, rule: NormaliseRule): void {
    const { path } = this.#checks[check] as HostCheck;
    this.#pending.push({ rule, path });
  }

  listText(check: number, value: JsonValue, write: ListWriter): string | undefined {
    const { reader } = this.#checks[check] as HostCheck;
    const items = listAll(value, reader.read);
    return items === undefined ? undefined : write(items as readonly (CellValue | null)[]);
  }

  /** 1 when every item is shown, 2 when each fits, else 0. */
  judgeList(check: number, value: JsonValue): number {
    if (!Array.isArray(value)) return 0;
    const { reader } = this.#checks[check] as HostCheck;
    if (!value.every((item) => item === null || reader.read(item) !== undefined)) return 0;
    let isEveryShown = true;
    for (const item of value) if (item !== null && !this.shows(check, item)) isEveryShown = false;
    return isEveryShown ? 1 : 2;
  }

  begin(): void {
    this.#pending.length = 0;
  }

  commit(count: (rule: NormaliseRule, path: string) => void): void {
    for (const { path, rule } of this.#pending) count(rule, path);
  }
}

function checkKindOf(physical: PhysicalType, type: PrimitiveTypeName): number {
  switch (physical.kind) {
    case 'text':
    case 'json':
    case 'boolean':
      return 0;
    case 'timestamp':
      return physical.isUtc ? checkKinds.timestampUtc : checkKinds.timestamp;
    case 'list':
      if (physical.item.kind === 'int32') return checkKinds.int32List;
      return physical.item.kind === 'text' && readingOf(type) === readings.string ? checkKinds.textList : checkKinds.list;
    default:
      return checkKinds[physical.kind];
  }
}

/** Typed columns take any value that says what they hold, whatever the element's own type. */
function textReadingOf(physical: PhysicalType, type: PrimitiveTypeName): number {
  switch (physical.kind) {
    case 'int32':
    case 'double':
    case 'numeric':
    case 'decimal':
      return readings.decimal;
    case 'date':
    case 'timestamp':
      return readings.string;
    default:
      return readingOf(type);
  }
}

function readingOf(type: PrimitiveTypeName): number {
  switch (type) {
    case 'boolean':
      return readings.boolean;
    case 'decimal':
      return readings.decimal;
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
      return readings.integer;
    case 'integer64':
      return readings.integer64;
    default:
      return readings.string;
  }
}
