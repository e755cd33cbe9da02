// node:crypto, loaded when it is first needed: it costs every start some milliseconds, and few runs need it.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
let loaded: typeof import('node:crypto') | undefined;

export function nodeCrypto(): typeof import('node:crypto') {
  loaded ??= require('node:crypto') as typeof import('node:crypto');
  return loaded;
}

/** SHA-256 in hexadecimal, cut to `digitCount` digits. */
export function sha256Hex(content: string | Uint8Array, digitCount: number): string {
  return nodeCrypto().createHash('sha256').update(content).digest('hex').slice(0, digitCount);
}

/** MD5's first 32 bits. */
export function md5Word(content: string | Uint8Array): number {
  return nodeCrypto().createHash('md5').update(content).digest().readUInt32LE(0);
}
