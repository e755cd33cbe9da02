// Reads NDJSON: one resource, or one Bundle, a line.

import type { Reader } from '../types.ts';
import { asBuffer } from './byte-collector.ts';
import { LineRun } from './line-run.ts';
import { looksLikeNdjson } from './recognise.ts';

export const ndjsonReader: Reader = {
  name: 'ndjson',
  recognise: looksLikeNdjson,
  async *read(source, context) {
    context.onKind('ndjson');
    const lines = new LineRun(source, context);
    for await (const chunk of source.chunks) yield lines.read(asBuffer(chunk));
    yield lines.finish();
  },
};
