import { expect, it } from 'vitest';
import { parseReference } from '../../src/fhir/reference.ts';

it.each([
  ['Patient/1', { form: 'relative', type: 'Patient', id: '1', isVersioned: false }],
  ['Patient/1/_history/2', { form: 'relative', type: 'Patient', id: '1', isVersioned: true }],
  ['http://host.example/fhir/Patient/a-b.c', { form: 'absolute', type: 'Patient', id: 'a-b.c', isVersioned: false }],
  ['https://host.example/Patient/1/_history/3', { form: 'absolute', type: 'Patient', id: '1', isVersioned: true }],
  ['urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0', { form: 'urn', id: '0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0' }],
  ['urn:oid:1.2.3', { form: 'urn', id: '1.2.3' }],
  ['Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|99', { form: 'conditional', type: 'Practitioner', identifier: 'http://hl7.org/fhir/sid/us-npi|99' }],
  ['Practitioner?identifier=a%7Cb', { form: 'conditional', type: 'Practitioner', identifier: 'a|b' }],
  ['Practitioner?identifier=%E0%A4%A', { form: 'conditional', type: 'Practitioner', identifier: undefined }],
  ['Practitioner?identifier=a&name=b', { form: 'conditional', type: 'Practitioner', identifier: undefined }],
  ['#p1', { form: 'contained', id: 'p1' }],
  ['#', { form: 'contained', id: '' }],
  ['', { form: 'other' }],
  ['patient/1', { form: 'other' }],
  ['Patient/', { form: 'other' }],
  ['../Patient/1', { form: 'other' }],
  ['urn:isbn:123', { form: 'other' }],
  ['http://host.example/page', { form: 'other' }],
])('%s', (text, parsed) => {
  expect(parseReference(text)).toEqual(parsed);
});
