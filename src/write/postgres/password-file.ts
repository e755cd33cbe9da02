// ~/.pgpass → a password. https://www.postgresql.org/docs/current/libpq-pgpass.html

import { readFileSync, statSync } from 'node:fs';

export interface PasswordFile {
  readonly path: string;
  /** False for the usual place, where nothing need be. */
  readonly isNamed: boolean;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** Undefined when no line matches; a file that others can read is left alone, as libpq does, and `warn` is told. */
export function findPassword({ path, isNamed }: PasswordFile, target: Target, warn: (reason: string) => void): string | undefined {
  let text: string;
  try {
    const { mode } = statSync(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      warn(`${path} can be read by others, and is not used; chmod 0600 it`);
      return undefined;
    }
    text = readFileSync(path, 'utf8');
  } catch {
    if (isNamed) warn(`${path} cannot be read`);
    return undefined;
  }
  const host = target.host.startsWith('/') ? 'localhost' : target.host;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const [lineHost, port, database, user, password] = splitLine(line);
    const isHost = matches(lineHost, host) || matches(lineHost, target.host);
    if (isHost && matches(port, String(target.port)) && matches(database, target.database) && matches(user, target.user)) return password;
  }
  return undefined;
}

/** Five fields; `\:` and `\\` stand for the characters themselves. */
function splitLine(line: string): string[] {
  const fields = [''];
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index);
    if (character === '\\' && index + 1 < line.length) fields[fields.length - 1] += line.charAt(++index);
    else if (character === ':' && fields.length < 5) fields.push('');
    else fields[fields.length - 1] += character;
  }
  return fields;
}

function matches(field: string | undefined, value: string): boolean {
  return field === '*' || field === value;
}
