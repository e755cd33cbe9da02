// The two tables of a resource type that hold what may stand anywhere: codings, and extensions.

import type { Column, PrimitiveTypeName, TableSchema } from '../../types.ts';
import { codingColumns } from '../engine/coding-rows.ts';
import { extensionColumns } from '../engine/extension-rows.ts';
import { limitName, toSnakeCase } from './names.ts';
import { versionColumnSchema } from './version-column.ts';

type ColumnFacts = readonly [PrimitiveTypeName | 'json', string];

const codingFacts: Readonly<Record<(typeof codingColumns)[number], ColumnFacts>> = {
  parent: ['id', 'Id of the resource.'],
  path: ['string', 'Where the concept or coding stands, with the indexes of the arrays around it.'],
  idx: ['unsignedInt', 'Place of the concept or coding in its array; null when it is the only one by definition.'],
  coding_idx: ['unsignedInt', 'Place of the coding in its concept.'],
  system: ['uri', 'Coding.system.'],
  version: ['string', 'Coding.version.'],
  code: ['code', 'Coding.code.'],
  display: ['string', 'Coding.display.'],
  user_selected: ['boolean', 'Coding.userSelected.'],
  text: ['string', 'Text of the concept.'],
};

const extensionFacts: Readonly<Record<(typeof extensionColumns)[number], ColumnFacts>> = {
  parent: ['id', 'Id of the resource.'],
  path: ['string', 'What the extension is on, with the indexes of the arrays around it.'],
  idx: ['unsignedInt', 'Place of the extension in its array.'],
  url: ['uri', 'Extension.url.'],
  name: ['string', 'Last part of the url; of nested extensions with the outer names before it.'],
  is_modifier: ['boolean', 'True for a modifierExtension, which may change the meaning of what it is on.'],
  value_type: ['code', 'Data type of the value.'],
  value: ['string', 'The value, or the code, amount or reference of it.'],
  value_system: ['uri', 'System of a code or identifier.'],
  value_display: ['string', 'Display of a code or reference.'],
  value_unit: ['string', 'Unit of an amount.'],
  value_json: ['json', 'The value as JSON, when it is no primitive.'],
};

export function codingTable(resourceType: string, isComplete: boolean, hasVersions: boolean): TableSchema {
  const which = isComplete ? 'All codings' : 'The codings that no other column shows';
  const table = makeTable(
    resourceType,
    isComplete ? 'coding' : 'extra_coding',
    `${which} of ${resourceType}, one row each.`,
    codingColumns,
    codingFacts,
    hasVersions,
  );
  return withKey(table, ['path', 'idx', 'coding_idx']);
}

export function extensionTable(resourceType: string, hasVersions: boolean): TableSchema {
  const table = makeTable(resourceType, 'extension', `All extensions of ${resourceType}, one row each.`, extensionColumns, extensionFacts, hasVersions);
  return withKey(table, ['path', 'idx', 'is_modifier']);
}

/** What every row has (the id of the resource, and its version), and these. */
function withKey(table: TableSchema, names: readonly string[]): TableSchema {
  return { ...table, key: [...table.columns.filter(({ isNullable }) => !isNullable).map(({ name }) => name), ...names] };
}

function makeTable<Name extends string>(
  resourceType: string,
  suffix: string,
  description: string,
  names: readonly Name[],
  facts: Readonly<Record<Name, ColumnFacts>>,
  hasVersions: boolean,
): TableSchema {
  const stem = toSnakeCase(resourceType);
  const columns = names.map((name): Column => {
    const [type, text] = facts[name];
    return {
      name: name === 'parent' ? `${stem}_id` : name,
      type: type === 'json' ? { kind: 'json' } : { kind: 'primitive', fhirType: type },
      isNullable: name !== 'parent',
      fhirPath: undefined,
      description: text,
    };
  });
  // At the end: the rows are filled by the columns' places.
  if (hasVersions) columns.push(versionColumnSchema);
  return { name: limitName(`${stem}_${suffix}`), role: 'detail', resourceType, description, columns };
}
