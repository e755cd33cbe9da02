// The readers that ship, in the order in which they are asked.

import type { Reader } from '../types.ts';
import { documentReader } from './read-document.ts';
import { ndjsonReader } from './read-ndjson.ts';

export const jsonReaders: readonly Reader[] = [ndjsonReader, documentReader];
