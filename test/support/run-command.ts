// Runs the built command as a user would: a process of its own, in a fresh folder.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

const executable = join(import.meta.dirname, '../../bin/fhir-flatten.js');

export interface Outcome {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** Standard input; empty when not given. */
  readonly input?: string | Uint8Array;
  readonly env?: Record<string, string>;
  readonly spawn?: SpawnOptions;
}

/** Runs to the end. */
export async function runCommand(args: readonly string[], options: RunOptions): Promise<Outcome> {
  const child = startCommand(args, options);
  child.process.stdin?.on('error', () => {});
  child.process.stdin?.end(options.input ?? '');
  return await child.outcome;
}

/** Runs a line of bash in which `fhir-flatten` is the command. */
export async function runShell(line: string, options: RunOptions): Promise<Outcome> {
  const script = `fhir-flatten() { '${process.execPath}' '${executable}' "$@"; }\n${line}`;
  const child = startProcess('bash', ['-c', script], options);
  child.process.stdin?.end(options.input ?? '');
  return await child.outcome;
}

/** Starts it with an open standard input. */
export function startCommand(args: readonly string[], options: RunOptions): { process: ChildProcess; outcome: Promise<Outcome> } {
  return startProcess(process.execPath, [executable, ...args], options);
}

function startProcess(file: string, args: readonly string[], options: RunOptions): { process: ChildProcess; outcome: Promise<Outcome> } {
  const child = spawn(file, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: 'pipe', ...options.spawn });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
  return { process: child, outcome };
}

/** An empty folder, removed when the test ends. */
export function makeFolder(files: Record<string, string | Uint8Array> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'fhir-flatten-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** All files below a folder as `path → text`, hidden ones included. */
export function readFolder(folder: string): Record<string, string> {
  const files: [string, string][] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.push([path.slice(folder.length + 1), readFileSync(path, 'utf8')]);
  }
  return Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Waits until `check` is true. */
export async function until(check: () => boolean, timeoutMs = 10_000): Promise<void> {
  const giveUpMs = Date.now() + timeoutMs;
  while (!check()) {
    if (Date.now() > giveUpMs) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** NDJSON of resources. */
export function ndjson(...resources: readonly unknown[]): string {
  return resources.map((resource) => `${JSON.stringify(resource)}\n`).join('');
}
