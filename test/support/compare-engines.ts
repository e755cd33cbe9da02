// Inputs for both engines, and what tells their outputs apart: nothing may.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ElementModel } from '../../src/fhir/element-model.ts';
import type { ConvertOptions } from '../../src/index.ts';
import { Random } from '../bench/generate/random.ts';
import { HostileFhir } from './hostile-fhir.ts';
import { readFolder } from './run-command.ts';

const stringToken = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/** Random resources as they might come: several shapes of files, references to each other, escapes anywhere. */
export function makeFiles(model: ElementModel, seed: number, count: number): Record<string, string> {
  const random = new Random(seed);
  const oddity = random.pick([0, 0, 0.02, 0.1, 1]);
  const escapeShare = random.pick([0, 0, 0.003, 0.02]);
  const lines = new HostileFhir(model, seed, undefined, oddity).makeLines(count).split('\n').slice(0, -1);
  const linked = linkResources(lines, random).map((line) => escapeSome(line, random, escapeShare));
  const files: Record<string, string> = {};
  for (let index = 0, file = 0; index < linked.length; file++) {
    const part = linked.slice(index, index + random.between(1, 12));
    index += part.length;
    const [name, text] = writeFile(part, random);
    files[`${file}.${name}`] = text;
  }
  return files;
}

/** Names that references may have: those of the other resources, by each way there is. */
function linkResources(lines: readonly string[], random: Random): string[] {
  const heads = lines.map((line) => JSON.parse(line) as { resourceType: string; id: string });
  const identifiers = [...lines.join('').matchAll(/"system":"([^"\\|]+)","value":"([^"\\|]+)"/g)].map(([, system, value]) => `${system}|${value}`);
  const pickHead = () => random.pick(heads);
  const name = (literal: string): string => {
    const { resourceType, id } = pickHead();
    switch (random.between(0, 9)) {
      case 0:
        return literal;
      case 1:
        return `${resourceType}/${id}/_history/1`;
      case 2:
        return `http://h.example/fhir/${resourceType}/${id}`;
      case 3:
        return `urn:uuid:${id}`;
      case 4:
        return `urn:uuid:other-${id}`;
      case 5:
        return identifiers.length === 0 ? literal : `${resourceType}?identifier=${random.pick(identifiers)}`;
      case 6:
        return `#${random.pick(['c0', 'c1', 'c2', ''])}`;
      default:
        return `${resourceType}/${id}`;
    }
  };
  return lines.map((line) => line.replace(/"reference":"([^"\\]*)"/g, (_, literal: string) => `"reference":${JSON.stringify(name(literal))}`));
}

/** The same JSON in other letters: escapes that nobody needs. */
function escapeSome(line: string, random: Random, share: number): string {
  if (share === 0) return line;
  return line.replace(stringToken, (token, colon: string | undefined) => {
    if (!random.chance(colon === undefined ? share : share / 20)) return token;
    const at = random.between(1, token.lastIndexOf('"') - 1);
    const letter = token[at];
    if (letter === undefined || at < 1 || !/[A-Za-z0-9/ .|]/.test(letter) || token.slice(0, at).includes('\\')) return token;
    const escaped = letter === '/' && random.chance(0.5) ? '\\/' : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
    return token.slice(0, at) + escaped + token.slice(at + 1);
  });
}

function writeFile(lines: readonly string[], random: Random): [string, string] {
  const kind = random.between(0, 5);
  if (kind === 0) return ['ndjson', lines.map((line) => `${line}\n`).join('')];
  if (kind === 1) return ['json', `[${lines.join(',\n')}]`];
  if (lines.length === 1 && kind === 2) return ['json', spread(lines[0] as string, random)];
  const entries = lines.map((line) => {
    const { resourceType, id } = JSON.parse(line) as { resourceType: string; id: string };
    const fullUrls = [`urn:uuid:${id}`, `urn:uuid:other-${id}`, `http://h.example/fhir/${resourceType}/${id}`];
    const fullUrl = random.chance(0.9) ? `"fullUrl":"${random.pick(fullUrls)}",` : '';
    const request = random.chance(0.5) ? `,"request":{"method":"POST","url":"${resourceType}"}` : '';
    return `{${fullUrl}"resource":${line}${request}}`;
  });
  const type = random.pick(['transaction', 'searchset', 'collection']);
  return ['json', spread(`{"resourceType":"Bundle","type":"${type}","entry":[${entries.join(',')}]}`, random)];
}

/** Pretty-printed, or with white space of some other kind, or none. */
function spread(text: string, random: Random): string {
  const gap = random.pick(['', ' ', '\n', '\n    ', '\r\n\t']);
  if (gap === '') return text;
  let depth = 0;
  return text.replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g, (token) => {
    if (token === '{' || token === '[') depth++;
    if (token === '}' || token === ']') depth--;
    if (token.startsWith('"')) return token;
    const indent = gap === '\n    ' ? `\n${'  '.repeat(Math.max(depth, 0))}` : gap;
    if (token === ':') return `:${gap === '\n' ? '' : ' '}`;
    return token === '}' || token === ']' ? `${indent}${token}` : `${token}${indent}`;
  });
}

/** Options that change what the tables show, any of them together. */
export function pickOptions(random: Random): Partial<ConvertOptions> {
  const some = <Value>(share: number, value: Value): Value | undefined => (random.chance(share) ? value : undefined);
  const defaultTables = {
    ...some(0.25, { hasDetails: false }),
    ...some(0.3, { codings: 'all' as const }),
    ...some(0.25, { columns: 'wide' as const }),
    ...some(0.15, { hasNarrative: true }),
    ...some(0.1, { hasVersions: true }),
    ...some(0.2, { attachments: random.pick(['text', 'files', 'base64'] as const) }),
  };
  return {
    ...(Object.keys(defaultTables).length > 0 && { defaultTables }),
    ...some(0.1, { hasFilledColumnsOnly: true }),
    ...some(0.1, { hasAllTables: true }),
    ...some(0.15, { tables: ['patient', 'observation', 'encounter'], hasAllTables: true }),
    ...some(0.2, { csv: { delimiter: ';', nullText: 'NULL', isFormulaSafe: true } }),
  };
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Path → text of all that a run has written, but for where it did. */
export function readOutputs(folder: string): Record<string, string> {
  const files = readFolder(folder);
  rmSync(folder, { recursive: true });
  const report = files['_report.json'];
  if (report !== undefined) files['_report.json'] = report.replace(/"out":\s*"[^"]*"/, '"out": ""');
  return files;
}

/** Names of the files that differ, each with the first lines that do. */
export function describeDifferences(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): string[] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.flatMap((name) => {
    const [first, second] = [one[name], other[name]];
    if (first === second) return [];
    if (first === undefined || second === undefined) return [`${name} is missing`];
    const [firstLines, secondLines] = [first.split('\n'), second.split('\n')];
    const line = firstLines.findIndex((text, index) => text !== secondLines[index]);
    return [`${name}:${line + 1}\n  ${firstLines[line]}\n  ${secondLines[line]}`];
  });
}
