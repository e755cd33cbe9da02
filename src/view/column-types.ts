// The type of a view's column: declared, else inferred from the path, else string. A tag `ansi/type` counts before both.
// https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html#type-hinting-with-tags

import type { ElementModel } from '../fhir/element-model.ts';
import type { ColumnType, PrimitiveTypeName } from '../types.ts';
import type { Outcome } from './outcome.ts';
import { isPrimitiveName, kindOfType, primitiveOf, resolveTypeName } from './types-of-values.ts';
import type { CheckedColumn } from './view-definition.ts';
import type { ProblemList } from './view-problems.ts';

/** The first word of an SQL type → FHIR's. */
const sqlTypes: ReadonlyMap<string, PrimitiveTypeName> = new Map<string, PrimitiveTypeName>([
  ['BIGINT', 'integer64'],
  ['BINARY', 'base64Binary'],
  ['BLOB', 'base64Binary'],
  ['BOOLEAN', 'boolean'],
  ['CHAR', 'string'],
  ['CHARACTER', 'string'],
  ['CLOB', 'string'],
  ['DATE', 'date'],
  ['DEC', 'decimal'],
  ['DECIMAL', 'decimal'],
  ['DOUBLE', 'decimal'],
  ['FLOAT', 'decimal'],
  ['INT', 'integer'],
  ['INTEGER', 'integer'],
  ['NCHAR', 'string'],
  ['NUMERIC', 'decimal'],
  ['NVARCHAR', 'string'],
  ['REAL', 'decimal'],
  ['SMALLINT', 'integer'],
  ['TEXT', 'string'],
  ['TIME', 'time'],
  ['TIMESTAMP', 'dateTime'],
  ['VARBINARY', 'base64Binary'],
  ['VARCHAR', 'string'],
]);

const typeUrl = /^(?:http:\/\/hl7\.org\/fhir\/StructureDefinition\/|http:\/\/hl7\.org\/fhirpath\/|FHIR\.)/;

export function columnTypeOf(column: CheckedColumn, of: Outcome, model: ElementModel, problems: ProblemList): ColumnType {
  const inferred = inferType(of);
  const declared = declaredType(column, model, problems);
  if (declared !== undefined) warnOfDifference(column, declared, of, inferred, problems);
  const type = sqlType(column, problems) ?? declared ?? inferred;
  if (type === 'json') return { kind: 'json' };
  return { kind: column.isCollection ? 'list' : 'primitive', fhirType: type };
}

/** The primitive that all values are, or what they have in common. */
export function inferType({ types }: Outcome): PrimitiveTypeName | 'json' {
  const primitives = [...new Set(types.map(primitiveOf))];
  const [first] = primitives;
  if (types.length === 0) return 'string';
  if (primitives.every((type) => type === undefined)) return 'json';
  if (first !== undefined && primitives.length === 1) return first;
  const kinds = new Set(types.map(kindOfType));
  if (kinds.size > 1) return 'string';
  return kinds.has('number') ? 'decimal' : kinds.has('moment') ? 'dateTime' : 'string';
}

function declaredType({ declaredType: written, place }: CheckedColumn, model: ElementModel, problems: ProblemList): PrimitiveTypeName | 'json' | undefined {
  if (written === undefined) return undefined;
  const [namespace, name] = splitName(written.replace(typeUrl, ''));
  const type = resolveTypeName({ namespace, name }, model);
  if (type === undefined) {
    const version = model.version.toUpperCase();
    problems.add('VIEW_TYPE_UNKNOWN', `${place}.type`, { name: written.slice(0, 80), version });
    return undefined;
  }
  return primitiveOf(type) ?? 'json';
}

function splitName(text: string): readonly [string | undefined, string] {
  const point = text.lastIndexOf('.');
  return point < 0 ? [undefined, text] : [text.slice(0, point), text.slice(point + 1)];
}

function sqlType({ place, sqlType: written }: CheckedColumn, problems: ProblemList): PrimitiveTypeName | undefined {
  if (written === undefined) return undefined;
  const type = sqlTypes.get(/^[A-Za-z]+/.exec(written.trim())?.[0].toUpperCase() ?? '');
  if (type === undefined) problems.add('VIEW_TAG_UNKNOWN', `${place}.tag`, { name: written.slice(0, 80) });
  return type;
}

/** Types of one kind stand for each other, and text takes anything. */
function warnOfDifference(
  { place }: CheckedColumn,
  declared: PrimitiveTypeName | 'json',
  { types }: Outcome,
  inferred: PrimitiveTypeName | 'json',
  problems: ProblemList,
): void {
  if (types.length === 0) return;
  const differs =
    declared === 'json' || inferred === 'json' ? declared !== inferred : kindOfType(declared) !== kindOfType(inferred) && kindOfType(declared) !== 'text';
  if (differs)
    problems.add('VIEW_TYPE_DIFFERS', place, {
      declared: declared === 'json' ? 'an object' : declared,
      inferred: inferred === 'json' ? 'an object' : inferred,
    });
}

/** True when a value of these types may have to be fitted to the column. */
export function needsFitting(type: ColumnType, { types }: Outcome): boolean {
  if (type.kind === 'json' || kindOfType(type.fhirType) === 'text') return false;
  return types.length === 0 || types.some((candidate) => !isSame(candidate, type.fhirType));
}

function isSame(type: string, column: PrimitiveTypeName): boolean {
  const primitive = primitiveOf(type);
  if (primitive === column) return true;
  const isWhole = (name: string | undefined) => name === 'integer' || name === 'positiveInt' || name === 'unsignedInt';
  if (isWhole(column)) return isWhole(primitive);
  if (column === 'decimal') return kindOfType(type) === 'number';
  return column === 'dateTime' && primitive !== undefined && isPrimitiveName(primitive) && kindOfType(primitive) === 'moment';
}
