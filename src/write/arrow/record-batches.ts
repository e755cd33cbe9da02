// Row groups → record batches of apache-arrow, which writes them as IPC. The library is loaded when the first one comes.
// Texts are plain, not dictionary-encoded: a file's dictionary has to be whole before its first batch, or to grow by
// deltas, which not all readers know (https://arrow.apache.org/docs/status.html#ipc-format).

import type * as Arrow from 'apache-arrow';
import type { PhysicalType } from '../../physical-type.ts';
import type { TableSchema } from '../../types.ts';
import type { ColumnData } from '../typed/column-data.ts';
import { describeColumn, describeTable } from '../typed/describe-table.ts';
import type { PhysicalColumn } from '../typed/physical-columns.ts';
import type { RowGroup } from '../typed/row-groups.ts';

export type ArrowLibrary = typeof Arrow;

let library: Promise<ArrowLibrary> | undefined;

export function loadArrow(): Promise<ArrowLibrary> {
  library ??= import('apache-arrow');
  return library;
}

export class RecordBatches {
  readonly schema: Arrow.Schema;
  readonly #arrow: ArrowLibrary;
  readonly #columns: readonly PhysicalColumn[];
  readonly #row: Arrow.Struct;

  constructor(arrow: ArrowLibrary, schema: TableSchema, columns: readonly PhysicalColumn[]) {
    this.#arrow = arrow;
    this.#columns = columns;
    const fields = columns.map((column) => {
      return new arrow.Field(column.name, typeOf(arrow, column.type), true, new Map(Object.entries(describeColumn(column))));
    });
    this.schema = new arrow.Schema(fields, describeTable(schema));
    this.#row = new arrow.Struct(fields);
  }

  make({ columns, rowCount }: RowGroup): Arrow.RecordBatch {
    const children = columns.map((column, index) => makeColumn(this.#arrow, (this.#columns[index] as PhysicalColumn).type, column));
    const data = this.#arrow.makeData({ type: this.#row, length: rowCount, nullCount: 0, children });
    return new this.#arrow.RecordBatch(this.schema, data);
  }
}

function typeOf(arrow: ArrowLibrary, type: PhysicalType): Arrow.DataType {
  switch (type.kind) {
    case 'text':
    case 'json':
    case 'numeric':
      return new arrow.Utf8();
    case 'boolean':
      return new arrow.Bool();
    case 'int32':
      return new arrow.Int32();
    case 'int64':
      return new arrow.Int64();
    case 'double':
      return new arrow.Float64();
    case 'decimal':
      return new arrow.Decimal(type.scale, type.precision, 128);
    case 'date':
      return new arrow.DateDay();
    case 'timestamp':
      return new arrow.TimestampMicrosecond(type.isUtc ? 'UTC' : null);
    case 'list':
      return new arrow.List(new arrow.Field('item', typeOf(arrow, type.item), true));
    default:
      return type satisfies never;
  }
}

function makeColumn(arrow: ArrowLibrary, type: PhysicalType, column: ColumnData): Arrow.Data {
  const { items, length, nullCount, offsets, validity, values } = column;
  const nullBitmap = nullCount === 0 ? undefined : (validity ?? zeros(Math.ceil(length / 8)));
  const shape = { length, nullCount, nullBitmap };
  const valueOffsets = () => offsets ?? asArray(Int32Array, zeros((length + 1) * 4));
  switch (type.kind) {
    case 'text':
    case 'json':
    case 'numeric':
      return arrow.makeData({ ...shape, type: new arrow.Utf8(), valueOffsets: valueOffsets(), data: asArray(Uint8Array, values ?? zeros(0)) });
    case 'boolean':
      return arrow.makeData({ ...shape, type: new arrow.Bool(), data: asArray(Uint8Array, values ?? zeros(Math.ceil(length / 8))) });
    case 'int32':
      return arrow.makeData({ ...shape, type: new arrow.Int32(), data: asArray(Int32Array, values ?? zeros(length * 4)) });
    case 'date':
      return arrow.makeData({ ...shape, type: new arrow.DateDay(), data: asArray(Int32Array, values ?? zeros(length * 4)) });
    case 'double':
      return arrow.makeData({ ...shape, type: new arrow.Float64(), data: asArray(Float64Array, values ?? zeros(length * 8)) });
    case 'int64':
      return arrow.makeData({ ...shape, type: new arrow.Int64(), data: asArray(BigInt64Array, values ?? zeros(length * 8)) });
    case 'timestamp': {
      const timestamp = new arrow.TimestampMicrosecond(type.isUtc ? 'UTC' : null);
      return arrow.makeData({ ...shape, type: timestamp, data: asArray(BigInt64Array, values ?? zeros(length * 8)) });
    }
    case 'decimal': {
      const decimal = new arrow.Decimal(type.scale, type.precision, 128);
      return arrow.makeData({ ...shape, type: decimal, data: asArray(Uint32Array, values ?? zeros(length * 16)) });
    }
    case 'list': {
      const list = new arrow.List(new arrow.Field('item', typeOf(arrow, type.item), true));
      return arrow.makeData({ ...shape, type: list, valueOffsets: valueOffsets(), child: makeColumn(arrow, type.item, items as ColumnData) });
    }
    default:
      return type satisfies never;
  }
}

/** The same bytes as numbers of another size. */
function asArray<Values>(
  make: { new (buffer: ArrayBufferLike, byteOffset: number, length: number): Values; readonly BYTES_PER_ELEMENT: number },
  { buffer, byteLength, byteOffset }: ArrayBufferView,
): Values {
  return new make(buffer, byteOffset, byteLength / make.BYTES_PER_ELEMENT);
}

let zeroBytes = new Uint8Array(0);

/** For columns without values: the library copies what it writes, so all may share them. */
function zeros(byteCount: number): Uint8Array {
  if (zeroBytes.length < byteCount) zeroBytes = new Uint8Array(Math.max(byteCount, zeroBytes.length * 2));
  return zeroBytes.subarray(0, byteCount);
}

/**
 * A sink for one of the library's writers: what it wrote since the last time, as one piece. The library's own way to
 * join pieces takes those that share memory for one, as columns without values do.
 */
export function makeCollector(arrow: ArrowLibrary): Collector {
  let pieces: Uint8Array[] = [];
  class PieceQueue extends arrow.AsyncByteQueue {
    override write(bytes: Uint8Array): void {
      pieces.push(bytes);
    }
  }
  const takeBytes = () => {
    const taken = pieces;
    pieces = [];
    return Buffer.concat(taken);
  };
  return { sink: new PieceQueue(), takeBytes };
}

export interface Collector {
  readonly sink: Arrow.AsyncByteQueue;
  /** They belong to the caller. */
  takeBytes(): Uint8Array;
}
