// The pipeline that one would build from npm: stream-json reads the entries of a Bundle one by one, columns are picked by
// hand, csv-stringify writes a file per type. node off-the-shelf.mjs <folder> <out folder>
// Set up for speed: packed values, and all steps as functions that stream-chain fuses into one stage.

import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import chain, { none } from 'stream-chain';
import { parser as jsonlParser } from 'stream-chain/jsonl/parser.js';
import { parser } from 'stream-json';
import { pick } from 'stream-json/filters/pick.js';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { listInputs } from './list-inputs.mjs';
import { pickRow } from './pick-columns.mjs';

const [folder, outFolder] = process.argv.slice(2);
mkdirSync(outFolder, { recursive: true });

const tables = new Map();

function tableFor(resource, width) {
  const type = resource.resourceType;
  let table = tables.get(type);
  if (table === undefined) {
    const rows = stringify();
    const file = createWriteStream(join(outFolder, `${type.toLowerCase()}.csv`));
    rows.pipe(file);
    rows.write(Array.from({ length: width }, (_, index) => `column_${index + 1}`));
    table = { rows, done: finished(file) };
    tables.set(type, table);
  }
  return table;
}

function writeRow({ value }) {
  const resource = value.resource ?? value;
  const row = pickRow(resource);
  const { rows } = tableFor(resource, row.length);
  if (rows.write(row)) return none;
  return new Promise((resolve) => rows.once('drain', () => resolve(none)));
}

for (const path of listInputs(folder)) {
  const bytes = createReadStream(path, { highWaterMark: 1024 * 1024 });
  const reading = path.endsWith('.ndjson')
    ? chain([bytes, jsonlParser(), writeRow])
    : chain([bytes, parser({ packValues: true, streamValues: false }), pick({ filter: 'entry' }), streamArray(), writeRow]);
  reading.resume();
  await finished(reading);
}
for (const { rows } of tables.values()) rows.end();
await Promise.all([...tables.values()].map((table) => table.done));
