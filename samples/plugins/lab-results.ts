// lab-results.ts
import { defineFlattener, definePlugin } from 'fhir-flatten';

export default definePlugin({
  name: 'lab-results',
  apiVersion: 1,
  flatteners: [
    defineFlattener({
      name: 'lab_result',
      resourceType: 'Observation',
      description: 'One row per measured value, whether it stands in the observation or in one of its components.',
      columns: {
        observation_id: { type: 'string', nullable: false },
        patient_id: { type: 'string' },
        code: { type: 'code' },
        value: { type: 'decimal' },
        unit: { type: 'string' },
        source: { type: 'string', description: 'The file that it was read from.' },
      },
      flatten(observation, emit, context) {
        for (const measured of [observation, ...(observation.component ?? [])]) {
          const { code, valueQuantity } = measured;
          if (valueQuantity === undefined) continue;
          emit({
            observation_id: context.id,
            patient_id: context.resolve(observation.subject)?.id,
            code: code?.coding?.[0]?.code,
            value: context.numberText(valueQuantity, 'value'),
            unit: valueQuantity.unit,
            source: context.location.sourceName,
          });
        }
      },
    }),
  ],
});
