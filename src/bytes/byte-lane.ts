// What a part of the sources is read with as bytes: an instance of the module, the keys that it knows, and the tape of the
// record at hand. Two parts never share one, even in the same thread.

import { KeyNames } from './key-names.ts';
import { type ByteFunctions, loadByteFunctions } from './load-module.ts';
import { RecordTape } from './record-tape.ts';

export interface ByteLane {
  readonly functions: ByteFunctions;
  readonly keys: KeyNames;
  readonly tape: RecordTape;
}

/** @param keyNames - of all elements that records may have; others have no tape */
export async function openByteLane(keyNames: Iterable<string>): Promise<ByteLane> {
  const functions = await loadByteFunctions();
  const keys = new KeyNames(functions, keyNames);
  return { functions, keys, tape: new RecordTape(functions, keys) };
}
