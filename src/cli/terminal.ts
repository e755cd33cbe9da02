// Messages → stderr: colours where they are wanted, control characters made visible (file names may hold any), and
// a status line on terminals that gives way to messages.

import type { ConvertFlags } from './options.ts';

export interface Paint {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly note: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const plain: Paint = { error: same, warning: same, note: same, strong: same, faint: same };

export class Terminal {
  readonly isInteractive = process.stderr.isTTY === true;
  readonly paint: Paint;
  #status = '';

  constructor(paint: Paint) {
    this.paint = paint;
  }

  /** Prints a line; the status line moves below it. */
  print(text: string): void {
    process.stderr.write(`${this.#clear()}${text}\n${this.#status}`);
  }

  /** Replaces the status line; empty removes it. Only for terminals. */
  showStatus(text: string): void {
    const clear = this.#clear();
    this.#status = text;
    process.stderr.write(`${clear}${text}`);
  }

  #clear(): string {
    return this.#status === '' ? '' : '\r\u001b[2K';
  }
}

export async function createTerminal(color: ConvertFlags['color']): Promise<Terminal> {
  if (!wantsColor(color)) return new Terminal(plain);
  // Loaded only here: most runs are not looked at.
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return new Terminal({ error: chalk.red, warning: chalk.yellow, note: chalk.cyan, strong: chalk.bold, faint: chalk.dim });
}

/** https://no-color.org: any text in NO_COLOR turns colours off, unless they are asked for. */
function wantsColor(color: ConvertFlags['color']): boolean {
  if (color !== 'auto') return color === 'always';
  return process.stderr.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** Control characters as escapes, so that a file name cannot move the cursor. */
export function showControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function same(text: string): string {
  return text;
}
