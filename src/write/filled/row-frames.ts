// Batches → frames of a temporary file, and back: rows wait there until it is known which columns have values.
// A frame: size of its payload (u32), rows (u32), a bit for each column that has values, then those columns' values.

import { type FileHandle, open } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import type { Batch, CellStorage, TableFormat, TableSchema, Vector } from '../../types.ts';

const sizesByteCount = 8;

/** Frames as a format, so that what writes files of tables writes these too. */
export function createFrameFormat(storage: CellStorage): TableFormat {
  return {
    name: 'frames',
    extension: 'frames',
    // Frames are made of vectors.
    storage: storage.kind === 'text' ? { kind: 'text' } : storage,
    isJoinable: true,
    start: () => ({
      open: (_schema, target) => {
        let rowCount = 0;
        return {
          write: async (batch) => {
            rowCount += batch.rowCount;
            await target.append(makeFrame(batch));
          },
          close: async () => ({ rowCount, replacedCharacterCount: 0 }),
        };
      },
    }),
  };
}

function makeFrame({ rowCount, vectors }: Batch): Buffer {
  const head = Buffer.alloc(sizesByteCount + bitsByteCount(vectors.length));
  const filled = vectors.filter((vector, column) => {
    if (vector.isAllNull) return false;
    const position = sizesByteCount + (column >> 3);
    head[position] = (head[position] as number) | (1 << (column & 7));
    return true;
  });
  const payload = serialize(filled.map(({ values }) => (values.length > rowCount ? values.slice(0, rowCount) : values)));
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt32LE(rowCount, 4);
  return Buffer.concat([head, payload]);
}

function bitsByteCount(columnCount: number): number {
  return Math.ceil(columnCount / 8);
}

/** Which columns have values, by the heads of the frames of all these files; those that are not there have no rows. */
export async function findFilledColumns(paths: readonly string[], columnCount: number): Promise<ReadonlySet<number>> {
  const filled = new Set<number>();
  for (const path of paths) {
    for await (const { columns } of readHeads(path, columnCount)) for (const column of columns) filled.add(column);
  }
  return filled;
}

/** The rows of a file, with those of the table's columns that `kept` has; `schema` has these only. */
export async function* readFrames(path: string, whole: TableSchema, kept: readonly number[], schema: TableSchema, storage: CellStorage): AsyncGenerator<Batch> {
  for await (const { columns, file, payloadOffset, payloadByteCount, rowCount } of readHeads(path, whole.columns.length)) {
    const payload = await readBytes(file, payloadOffset, payloadByteCount);
    const values = deserialize(payload) as Vector['values'][];
    const valuesOf = new Map(columns.map((column, index) => [column, values[index]]));
    const vectors = kept.map((column) => {
      const found = valuesOf.get(column);
      return { storage: storage.kind, isAllNull: found === undefined, values: found ?? [] } as Vector;
    });
    yield { schema, rowCount, vectors };
  }
}

interface FrameHead {
  readonly file: FileHandle;
  readonly rowCount: number;
  /** Those that have values. */
  readonly columns: readonly number[];
  readonly payloadOffset: number;
  readonly payloadByteCount: number;
}

async function* readHeads(path: string, columnCount: number): AsyncGenerator<FrameHead> {
  const file = await openIfThere(path);
  if (file === undefined) return;
  try {
    const { size } = await file.stat();
    const headByteCount = sizesByteCount + bitsByteCount(columnCount);
    for (let offset = 0; offset < size; ) {
      const head = await readBytes(file, offset, headByteCount);
      const payloadByteCount = head.readUInt32LE(0);
      const columns = Array.from({ length: columnCount }, (_, column) => column).filter((column) => {
        return ((head[sizesByteCount + (column >> 3)] as number) & (1 << (column & 7))) !== 0;
      });
      const payloadOffset = offset + headByteCount;
      yield { file, rowCount: head.readUInt32LE(4), columns, payloadOffset, payloadByteCount };
      offset = payloadOffset + payloadByteCount;
    }
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readBytes(file: FileHandle, offset: number, byteCount: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(byteCount);
  for (let done = 0; done < byteCount; ) {
    const { bytesRead } = await file.read(buffer, done, byteCount - done, offset + done);
    if (bytesRead === 0) throw new Error('a temporary file is shorter than it was written');
    done += bytesRead;
  }
  return buffer;
}
