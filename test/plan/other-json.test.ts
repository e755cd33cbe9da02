import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, NumberText } from '../../src/json.ts';
import { flattenResource, leavesOf } from '../support/flatten-resource.ts';

describe('nothing is lost', () => {
  it('an element of the wrong JSON type is kept and counted', () => {
    const { row, otherJson, misfits } = flattenResource({
      resourceType: 'Patient',
      id: 'p',
      active: 'yes',
      birthDate: 1944,
      name: 'Ana',
      maritalStatus: ['M'],
      multipleBirthInteger: '2',
    });
    expect(row).toEqual({ id: 'p', multiple_birth: '2', multiple_birth_type: 'integer' });
    expect(otherJson).toEqual({ active: 'yes', birthDate: 1944, name: 'Ana', maritalStatus: ['M'], multipleBirthInteger: '2' });
    expect([...misfits].sort()).toEqual(['Patient.active', 'Patient.birthDate', 'Patient.maritalStatus', 'Patient.multipleBirthInteger', 'Patient.name']);
  });

  it('an unknown element is kept and counted', () => {
    const { otherJson, unknown } = flattenResource({ resourceType: 'Patient', favouriteColour: 'red', maritalStatus: { text: 'M', x: 1 } });
    expect(otherJson).toEqual({ favouriteColour: 'red', maritalStatus: { x: 1 } });
    expect(unknown).toEqual(['Patient.favouriteColour', 'Patient.maritalStatus.x']);
  });

  it('an id that is no string is kept', () => {
    const { row, otherJson } = flattenResource({ resourceType: 'Patient', id: 5 }, { id: 'generated' });
    expect(row.id).toBe('generated');
    expect(otherJson).toEqual({ id: 5 });
  });

  it('extensions on primitives are kept with their positions', () => {
    const { row, otherJson } = flattenResource({
      resourceType: 'Patient',
      _birthDate: { extension: [{ url: 'u', valueString: 'v' }] },
      name: [{ given: ['A', null], _given: [null, { id: 'x' }] }],
    });
    expect(row.name_given).toBe('A');
    expect(otherJson).toEqual({ _birthDate: { extension: [{ url: 'u', valueString: 'v' }] }, name: [{ _given: [null, { id: 'x' }] }] });
  });

  it('keys such as __proto__ are ordinary data', () => {
    const resource = JSON.parse('{"resourceType":"Patient","__proto__":{"active":true},"maritalStatus":{"constructor":"c","__proto__":"p"}}') as JsonObject;
    const { row, otherJson } = flattenResource(resource);
    expect(row).not.toHaveProperty('active');
    expect(JSON.stringify(otherJson)).toBe('{"__proto__":{"active":true},"maritalStatus":{"constructor":"c","__proto__":"p"}}');
    expect(flattenResource({ resourceType: 'Patient', id: 'next' }).row).toEqual({ id: 'next' });
  });

  it('numbers keep their text in cells and in other_json', () => {
    const { row, otherJson } = flattenResource(
      { resourceType: 'Observation', valueQuantity: { value: new NumberText('1.00') }, component: [{ valueInteger: new NumberText('12345678901234567890') }] },
      { hasNumberText: true },
    );
    expect(row.value_quantity).toBe('1.00');
    expect(row.value).toBe('1.00');
    expect(otherJson).toBeDefined();
    expect(flattenResource({ resourceType: 'Patient', x: new NumberText('1e400') }, { hasNumberText: true }).row).not.toHaveProperty('x');
  });

  it('an integer written with a fraction is kept', () => {
    const { row, otherJson } = flattenResource({ resourceType: 'Observation', valueInteger: 1.5 });
    expect(row).not.toHaveProperty('value_integer');
    expect(otherJson).toEqual({ valueInteger: 1.5 });
  });

  it('a type that FHIR does not define has id, meta and other_json', () => {
    const { row, otherJson, schema } = flattenResource({ resourceType: 'Gadget', id: 'g', meta: { source: 's' }, size: 3 });
    expect(schema.name).toBe('gadget');
    expect(row).toEqual({ id: 'g', meta_source: 's' });
    expect(otherJson).toEqual({ size: 3 });
  });

  it('whatever a Patient holds, each value is in a cell or at its path in other_json', () => {
    const text = fc.string({ maxLength: 6 });
    const anything = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
    const coding = fc.record({ system: fc.oneof(text, anything), code: fc.oneof(text, anything), display: anything }, { requiredKeys: [] });
    const concept = fc.record({ coding: fc.array(fc.oneof(coding, anything), { maxLength: 3 }), text: anything }, { requiredKeys: [] });
    const name = fc.record(
      {
        use: fc.constantFrom('official', 'usual', 'old'),
        family: anything,
        given: fc.array(anything, { maxLength: 3 }),
        text: anything,
        period: fc.record({ start: text }),
      },
      { requiredKeys: [] },
    );
    const identifier = fc.record({ use: fc.constantFrom('official', 'old'), type: concept, system: anything, value: anything }, { requiredKeys: [] });
    const patient = fc.record(
      {
        resourceType: fc.constant('Patient'),
        id: fc.constant('p'),
        active: anything,
        name: fc.oneof(fc.array(fc.oneof(name, anything), { maxLength: 3 }), anything),
        identifier: fc.oneof(fc.array(identifier, { maxLength: 3 }), anything),
        maritalStatus: fc.oneof(concept, anything),
        communication: fc.array(fc.record({ language: concept, preferred: anything }, { requiredKeys: [] }), { maxLength: 2 }),
        other: anything,
      },
      { requiredKeys: ['resourceType', 'id'] },
    );
    fc.assert(
      fc.property(patient, (resource) => {
        const { row, otherJson } = flattenResource(resource as unknown as JsonObject);
        const cells = Object.values(row);
        const parts = new Set(cells.flatMap((cell) => [cell, ...cell.split(' '), ...cell.split('; ')]));
        const kept = new Set(leavesOf(otherJson).map((leaf) => `${leaf.path} ${leaf.text}`));
        for (const leaf of leavesOf(resource)) {
          if (leaf.path === '.resourceType') continue;
          expect(kept.has(`${leaf.path} ${leaf.text}`) || parts.has(leaf.text), leaf.path).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
