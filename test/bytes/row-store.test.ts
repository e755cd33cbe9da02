// Rows that wait as bytes, read back as cells.

import { describe, expect, it } from 'vitest';
import type { TableSchema } from '../../src/types.ts';
import { makeRowStore } from '../support/row-store.ts';

const schema: TableSchema = {
  name: 'texts',
  role: 'view',
  resourceType: 'Patient',
  description: 'Texts',
  columns: [{ name: 'text', type: { kind: 'primitive', fhirType: 'string' }, isNullable: true, fhirPath: 'text', description: 'A text' }],
};

describe('a table whose texts are sometimes empty', () => {
  const texts = ['', 'Ada', '', '', 'Beth', undefined, ''];

  it('has each of them, while it is filled and when it is taken', async () => {
    const builder = (await makeRowStore()).createBuilder(schema, { kind: 'text' });
    for (const text of texts) {
      const row = builder.addRow();
      if (text !== undefined) builder.set(row, 0, text);
    }
    expect(texts.map((_, row) => builder.get(row, 0))).toEqual(texts);
    expect(builder.take().vectors[0]?.values).toEqual(texts);
  });
});
