// Rows in Arrow's memory layout → a stream of Arrow's IPC format with one record batch, which is what parquet-wasm takes.
// Written directly: apache-arrow takes longer to load and to describe the columns than the encoding of most tables takes.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format

import { Builder } from 'flatbuffers';
import type { PhysicalType } from '../../physical-type.ts';
import type { ColumnData } from '../typed/column-data.ts';
import type { RowGroup } from '../typed/row-groups.ts';

/** Gives memory of so many bytes, or more. */
export type Allocate = (byteCount: number) => Uint8Array;

export interface IpcColumn {
  readonly name: string;
  readonly type: PhysicalType;
}

/** https://github.com/apache/arrow/blob/main/format/Message.fbs: fields of tables are numbered from 0, as their slots are here. */
const message = { slotCount: 5, version: 0, headerType: 1, header: 2, bodyLength: 3 };
const recordBatch = { slotCount: 4, length: 0, nodes: 1, buffers: 2 };
const headerTypes = { schema: 1, recordBatch: 3 };
/** https://github.com/apache/arrow/blob/main/format/Schema.fbs */
const schemaTable = { slotCount: 4, fields: 1 };
const fieldTable = { slotCount: 7, name: 0, nullable: 1, typeType: 2, type: 3, children: 5 };
const typeTypes = { int: 2, floatingPoint: 3, utf8: 5, bool: 6, decimal: 7, date: 8, timestamp: 10, list: 12 };
const metadataVersion5 = 4;
const doublePrecision = 2;
const dayUnit = 0;
const microsecondUnit = 2;

/** What buffers and messages are filled up to a multiple of. */
const alignment = 8;
const continuation = 0xffffffff;

/** Writes streams of one table. */
export class IpcStreams {
  readonly #columns: readonly IpcColumn[];
  readonly #schema: Uint8Array;

  constructor(columns: readonly IpcColumn[]) {
    this.#columns = columns;
    this.#schema = writeMessage(headerTypes.schema, 0, (builder) => addSchema(builder, columns));
  }

  /** A whole stream. Without rows it has no record batch; without `allocate` it is valid until the next call, since the memory is used again. */
  write(rows: RowGroup | undefined, allocate: Allocate = reuse): Uint8Array {
    if (rows === undefined) return join([this.#schema], 0, [], allocate);
    const body = new Body();
    for (const [index, { type }] of this.#columns.entries()) body.addColumn(type, rows.columns[index] as ColumnData);
    const batch = writeMessage(headerTypes.recordBatch, body.byteCount, (builder) => addRecordBatch(builder, rows.rowCount, body));
    return join([this.#schema, batch], body.byteCount, body.pieces, allocate);
  }
}

/** What the columns of a record batch are made of, one buffer after another. */
class Body {
  /** Length and number of nulls of each column and of what is in it. */
  readonly nodes: (readonly [length: number, nullCount: number])[] = [];
  readonly #buffers: { readonly offset: number | undefined; readonly byteCount: number }[] = [];
  readonly pieces: { readonly offset: number; readonly bytes: ArrayBufferView }[] = [];
  #filledByteCount = 0;
  #zeroByteCount = 0;

  get byteCount(): number {
    return this.#filledByteCount + align(this.#zeroByteCount);
  }

  /** Where each buffer is. Those that are all zero are one and the same, behind the others. */
  get buffers(): readonly (readonly [offset: number, byteCount: number])[] {
    return this.#buffers.map(({ offset = this.#filledByteCount, byteCount }) => [offset, byteCount]);
  }

  addColumn(type: PhysicalType, { items, length, nullCount, offsets, validity, values }: ColumnData): void {
    this.nodes.push([length, nullCount]);
    this.#addBuffer(validity, nullCount === 0 ? 0 : Math.ceil(length / 8));
    switch (type.kind) {
      case 'text':
      case 'json':
      case 'numeric':
        this.#addBuffer(offsets, (length + 1) * 4);
        this.#addBuffer(values, 0);
        return;
      case 'boolean':
        this.#addBuffer(values, Math.ceil(length / 8));
        return;
      case 'int32':
      case 'date':
        this.#addBuffer(values, length * 4);
        return;
      case 'int64':
      case 'double':
      case 'timestamp':
        this.#addBuffer(values, length * 8);
        return;
      case 'decimal':
        this.#addBuffer(values, length * 16);
        return;
      case 'list':
        this.#addBuffer(offsets, (length + 1) * 4);
        this.addColumn(type.item, items as ColumnData);
        return;
      default: {
        throw new TypeError(`no such type: ${type satisfies never}`);
      }
    }
  }

  /** @param zeroByteCount - how many bytes there are where none are given */
  #addBuffer(bytes: ArrayBufferView | undefined, zeroByteCount: number): void {
    if (bytes === undefined) {
      this.#zeroByteCount = Math.max(this.#zeroByteCount, zeroByteCount);
      this.#buffers.push({ offset: undefined, byteCount: zeroByteCount });
      return;
    }
    const offset = this.#filledByteCount;
    this.#buffers.push({ offset, byteCount: bytes.byteLength });
    this.pieces.push({ offset, bytes });
    this.#filledByteCount = align(offset + bytes.byteLength);
  }
}

function writeMessage(headerType: number, bodyLength: number, addHeader: (builder: Builder) => number): Uint8Array {
  const builder = new Builder(16 * 1024);
  const header = addHeader(builder);
  builder.startObject(message.slotCount);
  builder.addFieldInt64(message.bodyLength, BigInt(bodyLength), 0n);
  builder.addFieldOffset(message.header, header, 0);
  builder.addFieldInt16(message.version, metadataVersion5, 0);
  builder.addFieldInt8(message.headerType, headerType, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

function addSchema(builder: Builder, columns: readonly IpcColumn[]): number {
  const fields = addOffsets(
    builder,
    columns.map(({ name, type }) => addField(builder, name, type)),
  );
  builder.startObject(schemaTable.slotCount);
  builder.addFieldOffset(schemaTable.fields, fields, 0);
  return builder.endObject();
}

function addField(builder: Builder, name: string, type: PhysicalType): number {
  const nameOffset = builder.createString(name);
  const children = type.kind === 'list' ? [addField(builder, 'item', type.item)] : [];
  const childrenOffset = addOffsets(builder, children);
  const { offset, typeType } = addType(builder, type);
  builder.startObject(fieldTable.slotCount);
  builder.addFieldOffset(fieldTable.name, nameOffset, 0);
  builder.addFieldOffset(fieldTable.type, offset, 0);
  builder.addFieldOffset(fieldTable.children, childrenOffset, 0);
  builder.addFieldInt8(fieldTable.nullable, 1, 0);
  builder.addFieldInt8(fieldTable.typeType, typeType, 0);
  return builder.endObject();
}

/** The tables of types, with their first fields in the order in which the specification has them. */
function addType(builder: Builder, type: PhysicalType): { readonly typeType: number; readonly offset: number } {
  switch (type.kind) {
    case 'text':
    case 'json':
    case 'numeric':
      return { typeType: typeTypes.utf8, offset: addTable(builder, 0, () => {}) };
    case 'boolean':
      return { typeType: typeTypes.bool, offset: addTable(builder, 0, () => {}) };
    case 'int32':
    case 'int64':
      return {
        typeType: typeTypes.int,
        offset: addTable(builder, 2, () => {
          builder.addFieldInt32(0, type.kind === 'int32' ? 32 : 64, 0);
          builder.addFieldInt8(1, 1, 0);
        }),
      };
    case 'double':
      return { typeType: typeTypes.floatingPoint, offset: addTable(builder, 1, () => builder.addFieldInt16(0, doublePrecision, 0)) };
    case 'decimal':
      return {
        typeType: typeTypes.decimal,
        offset: addTable(builder, 3, () => {
          builder.addFieldInt32(0, type.precision, 0);
          builder.addFieldInt32(1, type.scale, 0);
          builder.addFieldInt32(2, 128, 128);
        }),
      };
    case 'date':
      // The default is milliseconds.
      return { typeType: typeTypes.date, offset: addTable(builder, 1, () => builder.addFieldInt16(0, dayUnit, 1)) };
    case 'timestamp': {
      const timeZone = type.isUtc ? builder.createString('UTC') : undefined;
      return {
        typeType: typeTypes.timestamp,
        offset: addTable(builder, 2, () => {
          builder.addFieldInt16(0, microsecondUnit, 0);
          if (timeZone !== undefined) builder.addFieldOffset(1, timeZone, 0);
        }),
      };
    }
    case 'list':
      return { typeType: typeTypes.list, offset: addTable(builder, 0, () => {}) };
    default:
      return type satisfies never;
  }
}

function addTable(builder: Builder, slotCount: number, addFields: () => void): number {
  builder.startObject(slotCount);
  addFields();
  return builder.endObject();
}

function addOffsets(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of [...offsets].reverse()) builder.addOffset(offset);
  return builder.endVector();
}

function addRecordBatch(builder: Builder, rowCount: number, body: Body): number {
  const buffers = addPairs(builder, body.buffers);
  const nodes = addPairs(builder, body.nodes);
  builder.startObject(recordBatch.slotCount);
  builder.addFieldInt64(recordBatch.length, BigInt(rowCount), 0n);
  builder.addFieldOffset(recordBatch.nodes, nodes, 0);
  builder.addFieldOffset(recordBatch.buffers, buffers, 0);
  return builder.endObject();
}

/** A vector of structs of two 64-bit integers. It grows to the front, as all does here. */
function addPairs(builder: Builder, pairs: readonly (readonly [number, number])[]): number {
  builder.startVector(16, pairs.length, 8);
  for (const [first, second] of [...pairs].reverse()) {
    builder.prep(8, 16);
    writeUint64(builder, second);
    writeUint64(builder, first);
  }
  return builder.endVector();
}

function writeUint64(builder: Builder, value: number): void {
  builder.writeInt32(Math.floor(value / 2 ** 32));
  builder.writeInt32(value | 0);
}

let reused = new Uint8Array(0);

/** The same memory each time: the library takes a copy at once, and megabytes of garbage a batch would pile up. */
function reuse(byteCount: number): Uint8Array {
  if (byteCount > reused.length) reused = Buffer.allocUnsafeSlow(Math.ceil(byteCount * 1.25));
  return reused;
}

function join(messages: readonly Uint8Array[], bodyByteCount: number, pieces: Body['pieces'], allocate: Allocate): Uint8Array {
  const headByteCount = messages.reduce((sum, { length }) => sum + 8 + align(length), 0);
  const end = headByteCount + bodyByteCount;
  const memory = allocate(end + 8);
  const joined = Buffer.from(memory.buffer, memory.byteOffset, end + 8);
  let position = 0;
  for (const bytes of messages) {
    joined.writeUInt32LE(continuation, position);
    joined.writeUInt32LE(align(bytes.length), position + 4);
    joined.set(bytes, position + 8);
    joined.fill(0, position + 8 + bytes.length, position + 8 + align(bytes.length));
    position += 8 + align(bytes.length);
  }
  let filledTo = position;
  for (const { bytes, offset } of pieces) {
    const start = position + offset;
    joined.fill(0, filledTo, start);
    joined.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), start);
    filledTo = start + bytes.byteLength;
  }
  joined.fill(0, filledTo, end);
  joined.writeUInt32LE(continuation, end);
  joined.writeUInt32LE(0, end + 4);
  return joined;
}

function align(byteCount: number): number {
  return Math.ceil(byteCount / alignment) * alignment;
}
