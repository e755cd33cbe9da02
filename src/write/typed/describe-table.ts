// What a file of a typed format says of its table and columns, beside their names and types.

import { nameColumnType } from '../../column-type.ts';
import type { TableSchema } from '../../types.ts';
import { toolVersion } from '../../version.ts';
import { describePart, type PhysicalColumn } from './physical-columns.ts';

export function describeTable({ name, resourceType, description }: TableSchema): Map<string, string> {
  return new Map([
    ['fhir_flatten_table', name],
    ['fhir_flatten_version', toolVersion],
    ['fhir_resource_type', resourceType],
    ['description', description],
  ]);
}

export function describeColumn(column: PhysicalColumn): Readonly<Record<string, string>> {
  const { fhirPath, type } = column.column;
  return { fhir_type: nameColumnType(type), ...(fhirPath !== undefined && { fhir_path: fhirPath }), description: describePart(column) };
}
