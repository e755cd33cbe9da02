// The WebAssembly module that reads bytes, with the views of its memory. Made of src/bytes/assembly by the build.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toolVersion } from '../version.ts';

/** What src/bytes/assembly/index.ts exports. Addresses and sizes are in bytes. */
export interface ByteFunctions {
  readonly memory: WebAssembly.Memory;
  allocateHeap(byteCount: number): number;
  allocateArena(byteCount: number): number;
  allocateText(byteCount: number): number;
  placedText(): number;
  arenaByteCount(): number;
  heldByteCount(): number;
  truncateArena(byteCount: number): void;
  resetArena(): void;
  addKeys(from: number, to: number, count: number): number;
  scan(from: number, to: number, mostDepth: number): number;
  oddNumberCount(): number;
  tapeAddress(): number;
  createTable(columnCount: number): number;
  discardRows(table: number): number;
  addRow(table: number): number;
  setCell(row: number, column: number, address: number, byteCount: number): void;
  truncateRows(table: number, rowCount: number): void;
  clearRows(table: number): void;
  /** Where encoders write to. */
  outPosition(): number;
  /** Rows encoded from `firstRow` on: fewer than there are when the memory for output is full. */
  encodeCsv(table: number, firstRow: number, delimiter: number, nullAddress: number, nullByteCount: number, isFormulaSafe: number): number;
  /** Bytes that the last call of an encoder made. */
  encodedByteCount(): number;
}

async function readModule(): Promise<Uint8Array> {
  // Run from its sources, the project has the module where the build puts it.
  if (toolVersion.endsWith('-source')) return readFileSync(fileURLToPath(new URL('../../dist/assembly/bytes.wasm', import.meta.url)));
  return (await import('./bytes.wasm')).default;
}

export async function loadByteFunctions(imports: WebAssembly.ModuleImports = {}): Promise<ByteFunctions> {
  const { instance } = await WebAssembly.instantiate(await readModule(), { host: imports });
  return instance.exports as unknown as ByteFunctions;
}
