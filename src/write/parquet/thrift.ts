// Thrift's compact protocol, as far as changing some fields of a struct needs it. A struct is taken apart into the bytes
// of its fields: what is not touched is not read, and is written as it was.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

/** A field as it stands in `bytes`. The value of a boolean is in its type. */
export interface ThriftField {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** By number. */
export type ThriftStruct = Map<number, ThriftField>;

const types = { true: 1, false: 2, byte: 3, int16: 4, int32: 5, int64: 6, double: 7, binary: 8, list: 9, set: 10, map: 11, struct: 12 };

/** Reads the struct at the start of the bytes. */
export function readStruct(bytes: Uint8Array): ThriftStruct {
  return new Reader(bytes, 0).struct();
}

/** The items of a list of structs; none where there is no such field. */
export function readStructs(field: ThriftField | undefined): ThriftStruct[] {
  if (field === undefined) return [];
  const reader = new Reader(field.bytes, field.start);
  const { itemType, size } = reader.listHeader();
  if (field.type !== types.list || itemType !== types.struct) throw new TypeError('a list of structs was expected');
  return Array.from({ length: size }, () => reader.struct());
}

export function readInnerStruct(field: ThriftField | undefined): ThriftStruct {
  if (field?.type !== types.struct) throw new TypeError('a struct was expected');
  return new Reader(field.bytes, field.start).struct();
}

/** Of 64 bits; it must fit a number. */
export function readInteger(field: ThriftField | undefined): number {
  if (field?.type !== types.int64) throw new TypeError('an integer was expected');
  return new Reader(field.bytes, field.start).zigzag();
}

export function int64Field(value: number): ThriftField {
  return writeField(types.int64, (writer) => writer.zigzag(value));
}

export function int16Field(value: number): ThriftField {
  return writeField(types.int16, (writer) => writer.zigzag(value));
}

export function structField(struct: ThriftStruct): ThriftField {
  return writeField(types.struct, (writer) => writer.struct(struct));
}

/** @param items - structs that are written already */
export function listField(items: readonly Uint8Array[]): ThriftField {
  return writeField(types.list, (writer) => {
    writer.listHeader(items.length, types.struct);
    for (const item of items) writer.raw(item, 0, item.length);
  });
}

export function writeStruct(struct: ThriftStruct): Uint8Array {
  const writer = new Writer();
  writer.struct(struct);
  return writer.bytes();
}

function writeField(type: number, write: (writer: Writer) => void): ThriftField {
  const writer = new Writer();
  write(writer);
  const bytes = writer.bytes();
  return { type, bytes, start: 0, end: bytes.length };
}

class Reader {
  readonly #bytes: Uint8Array;
  #position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.#position = position;
  }

  struct(): ThriftStruct {
    const fields: ThriftStruct = new Map();
    let id = 0;
    for (let header = this.#byte(); header !== 0; header = this.#byte()) {
      const delta = header >> 4;
      id = delta === 0 ? this.zigzag() : id + delta;
      const type = header & 0x0f;
      const start = this.#position;
      // The header of a boolean is its value.
      if (type > types.false) this.#skip(type);
      fields.set(id, { type, bytes: this.#bytes, start, end: this.#position });
    }
    return fields;
  }

  listHeader(): { readonly itemType: number; readonly size: number } {
    const header = this.#byte();
    return { itemType: header & 0x0f, size: header >> 4 === 0x0f ? this.#varint() : header >> 4 };
  }

  zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #skip(type: number): void {
    switch (type) {
      // In a list a boolean is a byte.
      case types.true:
      case types.false:
      case types.byte:
        this.#position++;
        return;
      case types.int16:
      case types.int32:
      case types.int64:
        while (this.#byte() >= 0x80);
        return;
      case types.double:
        this.#position += 8;
        return;
      case types.binary: {
        const length = this.#varint();
        this.#position += length;
        return;
      }
      case types.list:
      case types.set: {
        const { itemType, size } = this.listHeader();
        for (let index = 0; index < size; index++) this.#skip(itemType);
        return;
      }
      case types.struct: {
        for (let header = this.#byte(); header !== 0; header = this.#byte()) {
          if (header >> 4 === 0) this.zigzag();
          const inner = header & 0x0f;
          if (inner > types.false) this.#skip(inner);
        }
        return;
      }
      default:
        throw new TypeError('a type of Thrift that Parquet does not use');
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw new RangeError('the Thrift text ends too early');
    return byte;
  }

  /** Without bit operations, which end at 32 bits. */
  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw new RangeError('an integer is too large');
        return value;
      }
    }
  }
}

class Writer {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  struct(struct: ThriftStruct): void {
    let last = 0;
    for (const [id, { bytes, end, start, type }] of [...struct].sort(([a], [b]) => a - b)) {
      const delta = id - last;
      if (delta <= 15) {
        this.#byte((delta << 4) | type);
      } else {
        this.#byte(type);
        this.zigzag(id);
      }
      this.raw(bytes, start, end);
      last = id;
    }
    this.#byte(0);
  }

  listHeader(size: number, itemType: number): void {
    if (size < 15) {
      this.#byte((size << 4) | itemType);
    } else {
      this.#byte(0xf0 | itemType);
      this.#varint(size);
    }
  }

  zigzag(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  raw(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    if (end - start > 64) this.#bytes.set(bytes.subarray(start, end), this.#length);
    else for (let index = start; index < end; index++) this.#bytes[this.#length + index - start] = bytes[index] as number;
    this.#length += end - start;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80);
    this.#byte(rest);
  }

  #reserve(byteCount: number): void {
    if (this.#length + byteCount <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#length + byteCount, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
