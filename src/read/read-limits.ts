// The codes and parameters of a record that is over a limit.

import type { DiagnosticCode, MessageParameters } from '../diagnostics.ts';
import type { ReadLimits } from '../types.ts';

const BYTES_PER_MB = 1024 * 1024;

/** MB as the option takes them: 1024 × 1024 bytes. */
export function limitParameters(code: 'RECORD_TOO_LARGE' | 'RECORD_TOO_DEEP', limits: ReadLimits): [DiagnosticCode, MessageParameters] {
  return [code, { limit: code === 'RECORD_TOO_LARGE' ? Number((limits.recordBytes / BYTES_PER_MB).toFixed(3)) : limits.depth }];
}
