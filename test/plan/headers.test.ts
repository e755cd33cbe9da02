import { describe, expect, it } from 'vitest';
import { fhirVersions, isPrimitive } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { planDefaultTables } from '../../src/plan/default-tables.ts';
import { curatedTables } from '../../src/plan/defaults/curated-tables.ts';
import type { TablePlan } from '../../src/plan/plan.ts';

const tableCounts = { r4: 147, r4b: 141, r5: 158 };

for (const version of fhirVersions) {
  const model = await loadModel(version);
  const schemas = model.resourceTypes.map((resourceType) => planDefaultTables(model, resourceType, { hasDetails: false, codings: 'extra' }).main.schema);

  describe(version, () => {
    it('the header of every table is as reviewed', async () => {
      const text = schemas.map((schema) => `${schema.name}\n${schema.columns.map((column) => `  ${column.name}`).join('\n')}\n`).join('\n');
      await expect(text).toMatchFileSnapshot(`headers-${version}.txt`);
    });

    it('every table begins with its id and ends with the trailing columns', () => {
      for (const { columns } of schemas) {
        const names = columns.map((column) => column.name);
        expect(names[0]).toBe('id');
        expect(names.slice(-5)).toEqual(['meta_last_updated', 'meta_profile', 'meta_source', 'contained_in', 'other_json']);
      }
    });

    it('names are unique, in snake_case, and fit an identifier of Postgres', () => {
      expect(new Set(schemas.map((schema) => schema.name)).size).toBe(tableCounts[version]);
      for (const { columns } of schemas) {
        const names = columns.map((column) => column.name);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]{0,62}$/);
      }
    });

    it('every column has a description, and all but contained_in and other_json a FHIR path', () => {
      for (const { columns } of schemas) {
        for (const column of columns) {
          expect(column.description).toMatch(/^[A-Z].*\.$/);
          if (column.name !== 'contained_in' && column.name !== 'other_json') expect(column.fhirPath).toBeTruthy();
        }
      }
    });

    it('the curated lists name types of the version', () => {
      expect(Object.keys(curatedTables).filter((resourceType) => !model.resourceTypes.includes(resourceType))).toEqual([]);
    });

    it('curated tables have between 26 and 80 columns', () => {
      const sizes = schemas.filter(({ resourceType }) => resourceType in curatedTables).map(({ name, columns }) => [name, columns.length] as const);
      expect(sizes.length).toBe(Object.keys(curatedTables).length);
      expect(sizes.filter(([, count]) => count < 26 || count > 80)).toEqual([]);
    });

    it('wide tables have the columns of the standard ones, with the same meaning, and every element that can have columns', () => {
      for (const schema of schemas) {
        const wide = planDefaultTables(model, schema.resourceType, { columns: 'wide', hasDetails: false }).main;
        const byName = new Map(wide.schema.columns.map((column) => [column.name, column]));
        expect(byName.size).toBe(wide.schema.columns.length);
        for (const column of schema.columns) expect([schema.name, byName.get(column.name)]).toEqual([schema.name, column]);
        const paths = wide.schema.columns.flatMap(({ fhirPath }) => fhirPath?.split(' | ') ?? []);
        for (const element of model.elementsOf(schema.resourceType)) {
          const [type] = element.types;
          if (type === undefined || element.isChoice || element.isList || !isPrimitive(type) || schema.resourceType === 'Binary') continue;
          expect(paths).toContain(`${schema.resourceType}.${element.name}`);
        }
      }
    });

    it('child tables can be planned for every type, and their names differ', () => {
      const tables = model.resourceTypes.map((resourceType) => planDefaultTables(model, resourceType, { hasDetails: true, codings: 'extra' }));
      const all = tables.flatMap(({ main }) => plansOf(main));
      expect(new Set(all.map(({ schema }) => schema.name)).size).toBe(all.length);
      for (const { below, cells, hasRepeated, nodes, places, schema } of all) {
        expect(cells).toHaveLength(schema.columns.length);
        expect(places).toHaveLength(below.length);
        expect(places.every(({ node }) => nodes[node] !== undefined)).toBe(true);
        expect(cells.some(({ kind }) => kind === 'repeated')).toBe(hasRepeated);
      }
    });
  });
}

function plansOf(table: TablePlan): readonly TablePlan[] {
  return [table, ...table.below.flatMap((rows) => (typeof rows === 'string' ? [] : plansOf(rows)))];
}
