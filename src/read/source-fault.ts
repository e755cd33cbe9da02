// The error by which a source or an unpacker tells that its bytes end here for a reason. Whoever reads takes what came
// before, then reports the fault and goes on with the next source.

import type { DiagnosticCode, MessageParameters } from '../diagnostics.ts';

export class SourceFault extends Error {
  readonly code: DiagnosticCode;
  readonly parameters: MessageParameters;

  constructor(code: DiagnosticCode, parameters: MessageParameters = {}) {
    super(code);
    this.name = 'SourceFault';
    this.code = code;
    this.parameters = parameters;
  }
}

/** Errors of the operating system in words. Its own messages hold paths in full. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it no longer exists, or is a link that points nowhere',
  ELOOP: 'links that lead in a circle',
  EIO: 'the disk or network reported a read error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is not a folder',
  ENAMETOOLONG: 'the name is too long',
  ENXIO: 'a device that is not there, or a socket',
  ESTALE: 'the network drive has lost the file',
  EBUSY: 'another program holds it',
  ETXTBSY: 'another program holds it',
};

/** The fault to report for an error met while reading; undefined when it is none of the operating system's. */
export function toSourceFault(error: unknown): SourceFault | undefined {
  if (error instanceof SourceFault) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  return new SourceFault('SOURCE_UNREADABLE', { reason: REASONS[code] ?? `the system says ${code}` });
}
