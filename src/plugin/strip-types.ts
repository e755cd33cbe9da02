// TypeScript → JavaScript, by the stripper that Node uses from version 22 on: https://nodejs.org/api/typescript.html

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What the stripper throws is a plain object. */
interface StripFault {
  readonly code: string;
  readonly message: string;
  readonly startLine?: number;
  readonly startColumn?: number;
}

type Stripper = typeof import('@swc/wasm-typescript');
let stripper: Stripper | undefined;

function loadStripper(): Stripper {
  stripper ??= createRequire(import.meta.url)('@swc/wasm-typescript') as Stripper;
  return stripper;
}

/**
 * Types, and imports of nothing else, are taken out; enums and the like, which are more than types, become code. A source
 * map keeps the places. Throws a SyntaxError that names file, line and column.
 */
export function stripTypes(path: string): string {
  const source = readFileSync(path, 'utf8');
  try {
    const { code, map = '' } = loadStripper().transformSync(source, { filename: path, mode: 'transform', module: true, sourceMap: true });
    return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`;
  } catch (fault) {
    throw syntaxError(fault as StripFault, path);
  }
}

function syntaxError({ message, startColumn, startLine }: StripFault, path: string): SyntaxError {
  const place = startLine === undefined ? '' : `:${startLine}:${(startColumn ?? 0) + 1}`;
  return new SyntaxError(`${path}${place}: ${message}`);
}
