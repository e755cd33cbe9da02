// --attachments and --narrative: what is otherwise left out and counted.

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';

const base64 = (content: string | Uint8Array) => Buffer.from(content).toString('base64');
const image = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff, 0x00);
const page = '<p>Grüße</p>';

const patient = {
  resourceType: 'Patient',
  id: 'p',
  photo: [
    { contentType: 'image/png', data: base64(image), title: 'face' },
    { contentType: 'text/plain', data: base64('a note') },
  ],
};
const document = {
  resourceType: 'DocumentReference',
  id: 'd',
  status: 'current',
  content: [{ attachment: { contentType: 'text/html; charset=utf-8', data: base64(page) } }, { attachment: { contentType: 'image/png', data: base64(image) } }],
};
const binary = { resourceType: 'Binary', id: 'b', contentType: 'application/json', data: base64('{"a":1}') };
const input = { 'in/a.ndjson': ndjson(patient, document), 'in/b.ndjson': ndjson(binary) };

type Rows = Record<string, Record<string, string>[]>;

async function convert(files: Record<string, string>, ...flags: string[]): Promise<{ tables: Rows; dropped: Record<string, unknown>; folder: string }> {
  const cwd = makeFolder(files);
  const { exitCode, stderr } = await runCommand(['in', '-o', 'out', '-q', ...flags], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  const folder = join(cwd, 'out');
  const tables = Object.entries(readFolder(folder)).filter(([name]) => name.endsWith('.csv') && !name.startsWith('attachments/'));
  const { dropped } = JSON.parse(readFileSync(join(folder, '_report.json'), 'utf8'));
  return { tables: Object.fromEntries(tables.map(([name, text]) => [name.replace('.csv', ''), parse(text, { columns: true })])), dropped, folder };
}

const fileName = (content: string | Uint8Array, ending: string) => `attachments/${createHash('sha256').update(content).digest('hex').slice(0, 32)}.${ending}`;

describe('data of attachments', () => {
  it('is left out and counted unless asked for, and has no column then', async () => {
    const { tables, dropped } = await convert(input);
    for (const rows of Object.values(tables)) expect(Object.keys(rows[0] ?? {}).filter((name) => /(^|_)data$/.test(name))).toEqual([]);
    expect(Object.keys(dropped['attachment-data'] as object)).toEqual(['Binary.data', 'DocumentReference.content.attachment.data', 'Patient.photo.data']);
  });

  it('is text where the content type says so, and the rest is left out and counted', async () => {
    const { tables, dropped } = await convert(input, '--attachments', 'text');
    expect(tables['details/patient_photo']?.map(({ data, title }) => [data, title])).toEqual([
      ['', 'face'],
      ['a note', ''],
    ]);
    expect(tables.document_reference?.[0]).toMatchObject({ attachment_content_type: 'text/html; charset=utf-8', attachment_data: page });
    expect(tables['details/document_reference_content']?.map((row) => row.attachment_data)).toEqual([page, '']);
    expect(tables.binary?.[0]?.data).toBe('{"a":1}');
    expect(dropped['attachment-data']).toEqual({
      'DocumentReference.content.attachment.data': { leafCount: 1, byteCount: 8 },
      'Patient.photo.data': { leafCount: 1, byteCount: 8 },
    });
  });

  it('is base64 as it stands in the input', async () => {
    const { tables, dropped } = await convert(input, '--attachments', 'base64');
    expect(tables['details/patient_photo']?.map(({ data }) => data)).toEqual(patient.photo.map(({ data }) => data));
    expect(tables.binary?.[0]?.data).toBe(binary.data);
    expect(dropped).toEqual({});
  });

  it('stays in other_json as base64 where it has no column', async () => {
    const { tables } = await convert(input, '--attachments', 'base64', '--no-details');
    expect(JSON.parse(tables.patient?.[0]?.other_json as string)).toEqual({ photo: patient.photo });
  });

  it.each([[[]], [['--threads', '2']], [['--threads', '2', '--columns', 'filled']]])('is in files that the rows point to (%j)', async (flags: string[]) => {
    const { tables, dropped, folder } = await convert(input, '--attachments', 'files', ...flags);
    const files = [fileName(image, 'png'), fileName('a note', 'txt'), fileName(page, 'html'), fileName('{"a":1}', 'json')];
    expect(readdirSync(join(folder, 'attachments')).sort()).toEqual(files.map((file) => file.slice('attachments/'.length)).sort());
    expect(tables['details/patient_photo']?.map(({ data }) => data)).toEqual(files.slice(0, 2));
    // The same bytes of the same type are one file.
    expect(tables['details/document_reference_content']?.map((row) => row.attachment_data)).toEqual([files[2], files[0]]);
    expect(tables.binary?.[0]?.data).toBe(files[3]);
    expect(readFileSync(join(folder, files[0] as string))).toEqual(Buffer.from(image));
    expect(dropped).toEqual({});
  });

  it('reads base64 with line breaks, other charsets, and leaves out what is neither base64 nor text', async () => {
    const photo = [
      { contentType: 'text/plain', data: `${base64('two').slice(0, 2)}\r\n${base64('two').slice(2)}` },
      { contentType: 'text/plain;charset=ISO-8859-1', data: base64(Uint8Array.of(0xfc)) },
      { contentType: 'text/plain', data: base64(Uint8Array.of(0xfc)) },
      { contentType: 'text/plain', data: 'not base64!' },
      { contentType: 'text/plain; charset=klingon', data: base64('x') },
      { data: base64('no type') },
      { contentType: 'application/fhir+json', data: base64('{}') },
    ];
    const { tables, dropped } = await convert({ 'in/a.ndjson': ndjson({ resourceType: 'Patient', id: 'p', photo }) }, '--attachments', 'text');
    expect(tables['details/patient_photo']?.map(({ data }) => data)).toEqual(['two', 'ü', '', '', '', '', '{}']);
    expect(dropped['attachment-data']).toMatchObject({ 'Patient.photo.data': { leafCount: 4 } });
  });
});

describe('files of attachments', () => {
  it('are replaced with the tables, and stay where only some tables are written', async () => {
    const { folder } = await convert(input, '--attachments', 'files');
    const cwd = join(folder, '..');
    writeFileSync(join(folder, 'attachments/mine.txt'), 'mine');
    await runCommand(['in', '-o', 'out', '-q', '-t', 'binary', '--attachments', 'files'], { cwd });
    expect(readdirSync(join(folder, 'attachments'))).toHaveLength(5);
    await runCommand(['in/b.ndjson', '-o', 'out', '-q', '--attachments', 'files'], { cwd });
    expect(readdirSync(join(folder, 'attachments')).sort()).toEqual([fileName('{"a":1}', 'json').slice('attachments/'.length), 'mine.txt'].sort());
    await runCommand(['in', '-o', 'out', '-q'], { cwd });
    expect(readdirSync(join(folder, 'attachments'))).toEqual(['mine.txt']);
  });

  it.each([[[]], [['--columns', 'filled']], [['--threads', '2']]])('of a version that was superseded are not there (%j)', async (flags: string[]) => {
    const versions = ['old', 'new'].map((text) => ({ ...binary, meta: { versionId: text }, contentType: 'text/plain', data: base64(text) }));
    const files = Object.fromEntries(versions.map((version, index) => [`in/${index}.ndjson`, ndjson(version)]));
    const { folder } = await convert(files, '--attachments', 'files', ...flags);
    expect(readdirSync(join(folder, 'attachments'))).toEqual([fileName('new', 'txt').slice('attachments/'.length)]);
  });

  it('are not there when the run fails, and the older ones stay', async () => {
    const { folder } = await convert(input, '--attachments', 'files');
    const before = readFolder(folder);
    const cwd = join(folder, '..');
    writeFileSync(join(cwd, 'in/c.ndjson'), `${ndjson({ ...binary, id: 'c', data: base64('more') })}{"bad\n`);
    const { exitCode } = await runCommand(['in', '-o', 'out', '--attachments', 'files', '--fail-fast'], { cwd });
    expect(exitCode).toBe(1);
    expect(readFolder(folder)).toEqual(before);
  });

  it('leave the folder as it was when they cannot be put in place', async () => {
    const cwd = makeFolder(input);
    mkdirSync(join(cwd, 'out'));
    writeFileSync(join(cwd, 'out/attachments'), 'a file of mine');
    const { exitCode, stderr } = await runCommand(['in', '-o', 'out', '--attachments', 'files'], { cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('cannot write out/attachments');
    expect(readFolder(join(cwd, 'out'))).toEqual({ attachments: 'a file of mine' });
  });

  it.each([['-'], ['photos.csv']])('need a folder, which %s is not', async (out) => {
    const cwd = makeFolder(input);
    const { exitCode, stderr } = await runCommand(['in', '-t', 'patient_photo', '-o', out, '--attachments', 'files'], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--attachments files needs a folder');
    expect(existsSync(join(cwd, 'attachments'))).toBe(false);
  });
});

it('narrative has columns with --narrative, also that of sections', async () => {
  const composition = {
    resourceType: 'Composition',
    id: 'c',
    text: { status: 'generated', div: '<div>all</div>' },
    section: [{ title: 'one', text: { status: 'additional', div: '<div>part</div>' } }],
  };
  const { tables, dropped } = await convert({ 'in/a.ndjson': ndjson(composition) }, '--narrative');
  expect(tables.composition?.[0]).toMatchObject({ text: '<div>all</div>', text_status: 'generated', other_json: '' });
  expect(tables['details/composition_section']?.[0]).toMatchObject({ text: '<div>part</div>', text_status: 'additional' });
  expect(dropped).toEqual({});
  const without = await convert({ 'in/a.ndjson': ndjson(composition) });
  expect(Object.keys(without.tables.composition?.[0] ?? {})).not.toContain('text');
  expect(Object.keys(without.dropped.narrative as object)).toEqual(['Composition.section.text', 'Composition.text']);
});
