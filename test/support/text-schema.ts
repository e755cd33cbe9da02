// Tables of columns of text, for tests of what encodes them.

import type { TableSchema } from '../../src/types.ts';

export function schemaOf(columnCount: number): TableSchema {
  const columns = Array.from({ length: columnCount }, (_, index) => ({
    name: `c${index}`,
    type: { kind: 'primitive', fhirType: 'string' } as const,
    isNullable: true,
    fhirPath: undefined,
    description: '',
  }));
  return { name: 't', role: 'main', resourceType: 'T', description: '', columns };
}
