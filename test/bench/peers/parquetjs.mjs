// Parquet from npm, without WebAssembly: parquetjs-lite writes the picked columns, as text. node parquetjs.mjs <folder> <out folder>
// The files are parsed whole, which is faster than stream-json where they are small enough.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import parquet from 'parquetjs-lite';
import { listInputs } from './list-inputs.mjs';
import { pickRow } from './pick-columns.mjs';

const [folder, outFolder] = process.argv.slice(2);
mkdirSync(outFolder, { recursive: true });

const writers = new Map();

async function writerFor(type, width) {
  let writer = writers.get(type);
  if (writer === undefined) {
    const columns = Array.from({ length: width }, (_, index) => [`column_${index + 1}`, { type: 'UTF8', optional: true, compression: 'SNAPPY' }]);
    writer = await parquet.ParquetWriter.openFile(new parquet.ParquetSchema(Object.fromEntries(columns)), join(outFolder, `${type.toLowerCase()}.parquet`));
    writers.set(type, writer);
  }
  return writer;
}

function readResources(path) {
  const text = readFileSync(path, 'utf8');
  if (!path.endsWith('.ndjson')) return JSON.parse(text).entry.map(({ resource }) => resource);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

for (const path of listInputs(folder)) {
  for (const resource of readResources(path)) {
    const cells = pickRow(resource);
    const writer = await writerFor(resource.resourceType, cells.length);
    const row = {};
    for (const [index, cell] of cells.entries()) if (cell !== undefined) row[`column_${index + 1}`] = String(cell);
    await writer.appendRow(row);
  }
}
for (const writer of writers.values()) await writer.close();
