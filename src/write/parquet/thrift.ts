// Thrift's compact protocol ↔ values, as far as the metadata of Parquet files need it. Nothing of their meaning is
// known here: what is not touched is written as it was read.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

/** A value with the protocol's type of it. Booleans are 1 or 2, texts are bytes. */
export type ThriftValue =
  | { readonly type: 1 | 2 }
  | { readonly type: 3; readonly value: number }
  | { readonly type: 4 | 5 | 6; readonly value: bigint }
  | { readonly type: 7 | 8; readonly value: Uint8Array }
  | { readonly type: 9 | 10; readonly itemType: ThriftType; readonly items: readonly ThriftValue[] }
  | ThriftStruct;

export interface ThriftStruct {
  readonly type: 12;
  readonly fields: Map<number, ThriftValue>;
}

export type ThriftType = ThriftValue['type'];

const structType = 12;

/** Reads the struct at the start of the bytes. */
export function readStruct(bytes: Uint8Array): ThriftStruct {
  return new Reader(bytes).struct();
}

export function writeStruct(struct: ThriftStruct): Uint8Array {
  const writer = new Writer();
  writer.struct(struct);
  return writer.bytes();
}

/** Writes a struct in which the items of one field, a list of structs, are written already. */
export function writeStructAround({ fields }: ThriftStruct, field: number, items: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer();
  let last = 0;
  for (const id of [...fields.keys(), field].sort((a, b) => a - b)) {
    if (id === field) {
      writer.fieldHeader(id - last, id, 9);
      writer.listHeader(items.length, structType);
      for (const item of items) writer.raw(item);
    } else {
      writer.field(id - last, id, fields.get(id) as ThriftValue);
    }
    last = id;
  }
  writer.byte(0);
  return writer.bytes();
}

class Reader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(): ThriftStruct {
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (let header = this.#byte(); header !== 0; header = this.#byte()) {
      const delta = header >> 4;
      id = delta === 0 ? Number(this.#zigzag()) : id + delta;
      fields.set(id, this.#value((header & 0x0f) as ThriftType));
    }
    return { type: structType, fields };
  }

  #value(type: ThriftType): ThriftValue {
    switch (type) {
      case 1:
      case 2:
        return { type };
      case 3:
        return { type, value: this.#byte() };
      case 4:
      case 5:
      case 6:
        return { type, value: this.#zigzag() };
      case 7:
        return { type, value: this.#take(8) };
      case 8:
        return { type, value: this.#take(Number(this.#varint())) };
      case 9:
      case 10:
        return this.#list(type);
      case structType:
        return this.struct();
      default:
        throw new TypeError(`no such Thrift type: ${type satisfies never}`);
    }
  }

  #list(type: 9 | 10): ThriftValue {
    const header = this.#byte();
    const itemType = (header & 0x0f) as ThriftType;
    const size = header >> 4 === 0x0f ? Number(this.#varint()) : header >> 4;
    // In a list a boolean is a byte.
    const items = Array.from({ length: size }, () => (itemType <= 2 ? { type: (this.#byte() === 1 ? 1 : 2) as 1 | 2 } : this.#value(itemType)));
    return { type, itemType, items };
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw new RangeError('the Thrift text ends too early');
    return byte;
  }

  #take(length: number): Uint8Array {
    const start = this.#position;
    this.#position += length;
    return this.#bytes.slice(start, this.#position);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return (value >> 1n) ^ -(value & 1n);
  }
}

class Writer {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;

  bytes(): Uint8Array {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  struct({ fields }: ThriftStruct): void {
    let last = 0;
    for (const [id, value] of [...fields].sort(([a], [b]) => a - b)) {
      this.field(id - last, id, value);
      last = id;
    }
    this.byte(0);
  }

  field(delta: number, id: number, value: ThriftValue): void {
    this.fieldHeader(delta, id, value.type);
    // The header of a boolean is its value.
    if (value.type > 2) this.#value(value);
  }

  fieldHeader(delta: number, id: number, type: ThriftType): void {
    if (delta > 0 && delta <= 15) {
      this.byte((delta << 4) | type);
    } else {
      this.byte(type);
      this.#zigzag(BigInt(id));
    }
  }

  listHeader(size: number, itemType: ThriftType): void {
    if (size < 15) {
      this.byte((size << 4) | itemType);
    } else {
      this.byte(0xf0 | itemType);
      this.#varint(BigInt(size));
    }
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #value(value: ThriftValue): void {
    switch (value.type) {
      case 1:
      case 2:
        this.byte(value.type);
        return;
      case 3:
        this.byte(value.value);
        return;
      case 4:
      case 5:
      case 6:
        this.#zigzag(value.value);
        return;
      case 7:
        this.raw(value.value);
        return;
      case 8:
        this.#varint(BigInt(value.value.length));
        this.raw(value.value);
        return;
      case 9:
      case 10:
        this.listHeader(value.items.length, value.itemType);
        for (const item of value.items) this.#value(item);
        return;
      case structType:
        this.struct(value);
        return;
      default:
        value satisfies never;
    }
  }

  #varint(value: bigint): void {
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80);
    this.byte(Number(rest));
  }

  #zigzag(value: bigint): void {
    this.#varint(value >= 0n ? value << 1n : (-value << 1n) - 1n);
  }

  #reserve(byteCount: number): void {
    if (this.#length + byteCount <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#length + byteCount, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
