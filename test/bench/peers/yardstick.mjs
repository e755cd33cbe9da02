// The yardstick: the least that any converter in JavaScript has to do, on one core. node yardstick.mjs <folder>
// Small files are read and parsed whole, NDJSON line by line. Nothing is kept.

import { readFileSync } from 'node:fs';
import { listInputs } from './list-inputs.mjs';

for (const path of listInputs(process.argv[2])) {
  if (!path.endsWith('.ndjson')) {
    JSON.parse(readFileSync(path, 'utf8'));
    continue;
  }
  const bytes = readFileSync(path);
  for (let start = 0; start < bytes.length; ) {
    const lineFeed = bytes.indexOf(10, start);
    const end = lineFeed === -1 ? bytes.length : lineFeed;
    if (end > start) JSON.parse(bytes.toString('utf8', start, end));
    start = end + 1;
  }
}
