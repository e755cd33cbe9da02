// DuckDB's SQL for the same: a Parquet file a resource type, some thirty columns picked by their paths, and the resource
// as JSON. node duckdb.mjs bundles|ndjson <folder> <out folder>
// Columns are named to DuckDB, since finding them in the data takes longer, and fails where files differ. Of Bundles the
// entries are taken as JSON; a file of NDJSON has one type, and so types for the columns.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const [kind, folder, outFolder] = process.argv.slice(2);
mkdirSync(outFolder, { recursive: true });

const concept = (path) => [`${path}.coding[0].code`, `${path}.coding[0].system`, `${path}.coding[0].display`, `${path}.text`];
const paths = [
  ...[
    'id',
    'status',
    'gender',
    'birthDate',
    'active',
    'subject.reference',
    'patient.reference',
    'encounter.reference',
    'identifier[0].value',
    'identifier[0].system',
  ],
  ...['name[0].family', 'name[0].given[0]', 'address[0].city', 'address[0].state', 'telecom[0].value', 'meta.lastUpdated', 'meta.profile[0]'],
  ...['effectiveDateTime', 'issued', 'period.start', 'period.end', 'authoredOn', 'recordedDate', 'onsetDateTime', 'billablePeriod.start'],
  ...['valueQuantity.value', 'valueQuantity.unit', 'valueString', ...concept('code'), ...concept('category[0]'), ...concept('medicationCodeableConcept')],
];
const names = paths.map((path) => path.replaceAll(/\W+/g, '_').replace(/_$/, ''));

const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
const quote = (text) => `'${text.replaceAll("'", "''")}'`;

/** @param resources - SQL of a relation with the column `resource`, as JSON. */
async function copyType(type, resources) {
  const list = paths.map((path) => quote(`$.${path}`)).join(', ');
  const columns = names.map((name, index) => `cells[${index + 1}] AS ${name}`).join(', ');
  const picked = `SELECT resource, json_extract_string(resource, [${list}]) AS cells FROM ${resources}`;
  const file = quote(join(outFolder, `${type.toLowerCase()}.parquet`));
  await connection.run(`COPY (SELECT ${columns}, resource::VARCHAR AS resource FROM (${picked})) TO ${file} (FORMAT parquet, COMPRESSION zstd)`);
}

if (kind === 'ndjson') {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ndjson'))) {
    await copyType(name.split('.')[0], `(SELECT json AS resource FROM read_ndjson_objects(${quote(join(folder, name))}))`);
  }
} else {
  await connection.run(`
    CREATE TABLE resources AS
    SELECT json_extract_string(entry.resource, '$.resourceType') AS type, entry.resource AS resource
    FROM (
      SELECT unnest(entry) AS entry
      FROM read_json(${quote(join(folder, '*.json'))}, columns = {entry: 'STRUCT(resource JSON)[]'}, maximum_object_size = 1000000000)
    )`);
  const types = await (await connection.runAndReadAll('SELECT DISTINCT type FROM resources ORDER BY type')).getRows();
  for (const [type] of types) await copyType(type, `(SELECT resource FROM resources WHERE type = ${quote(type)})`);
}
