// Errors of the file system while writing → a UserError that names the path and says in words what is wrong.

import { UserError } from '../../diagnostics.ts';

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'no space left on the disk'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'the file grew larger than allowed'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'operation not permitted'],
  ['EROFS', 'the file system is read-only'],
  ['ENOTDIR', 'a part of the path is a file'],
  ['ENOENT', 'it was removed while the run was writing'],
  ['EEXIST', 'something of that name is in the way'],
  ['EISDIR', 'it is a folder'],
  ['EIO', 'the device reports a fault'],
  ['EMFILE', 'too many open files'],
  ['ENFILE', 'too many open files'],
  ['ENAMETOOLONG', 'the name is too long'],
]);

/** A UserError for a failed operation on `path`; errors that already are one pass through. */
export function outputError(error: unknown, path: string): UserError {
  if (error instanceof UserError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const reason = code === undefined ? 'unexpected fault' : (reasons.get(code) ?? code);
  return new UserError('OUTPUT_FAILED', { parameters: { path, reason } });
}
