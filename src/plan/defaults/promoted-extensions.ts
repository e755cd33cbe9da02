// Extensions that have columns of their own in the main tables, as data.

import { at, type ComputedColumn, extension, value } from './curated-entries.ts';

const usCore = 'http://hl7.org/fhir/us/core/StructureDefinition/';
const hl7 = 'http://hl7.org/fhir/StructureDefinition/';

/** https://hl7.org/fhir/us/core/StructureDefinition-us-core-race.html and its ethnicity counterpart. */
function raceLike(name: string, url: string): readonly ComputedColumn[] {
  return [
    {
      name,
      from: [
        { at: [extension(url), extension('text')], show: { as: 'value', key: 'valueString' } },
        { at: [extension(url), extension('ombCategory'), at('valueCoding')], show: { as: 'value', key: 'display' } },
      ],
      description: `US Core ${name}: its text, else the display of the first OMB category.`,
    },
    value(`${name}_code`, [extension(url), extension('ombCategory'), at('valueCoding')], 'code', `US Core ${name}: code of the first OMB category.`),
    value(`${name}_detailed_code`, [extension(url), extension('detailed'), at('valueCoding')], 'code', `US Core ${name}: first detailed code.`),
  ];
}

/** Extensions with columns of their own, by resource type. */
export const promotedExtensions: Readonly<Record<string, readonly ComputedColumn[]>> = {
  Patient: [
    ...raceLike('race', `${usCore}us-core-race`),
    ...raceLike('ethnicity', `${usCore}us-core-ethnicity`),
    value('birth_sex', [extension(`${usCore}us-core-birthsex`)], 'valueCode', 'US Core sex assigned at birth.'),
    {
      name: 'gender_identity',
      from: [
        { at: [extension(`${usCore}us-core-genderIdentity`)], show: { as: 'label', key: 'valueCodeableConcept' } },
        { at: [extension(`${hl7}patient-genderIdentity`)], show: { as: 'label', key: 'valueCodeableConcept' } },
      ],
      description: 'Gender identity, the first one given.',
    },
    value('mothers_maiden_name', [extension(`${hl7}patient-mothersMaidenName`)], 'valueString', "Mother's maiden name."),
    value('birth_place_city', [extension(`${hl7}patient-birthPlace`), at('valueAddress')], 'city', 'City of birth.'),
    value('birth_place_state', [extension(`${hl7}patient-birthPlace`), at('valueAddress')], 'state', 'State of birth.'),
    value('birth_place_country', [extension(`${hl7}patient-birthPlace`), at('valueAddress')], 'country', 'Country of birth.'),
    ...(['latitude', 'longitude'] as const).map((coordinate) =>
      value(
        `address_${coordinate}`,
        [at('address', { rule: 'bestAddress' }), extension(`${hl7}geolocation`), extension(coordinate)],
        'valueDecimal',
        `${coordinate === 'latitude' ? 'Latitude' : 'Longitude'} of the address in address_line.`,
      ),
    ),
  ],
};
