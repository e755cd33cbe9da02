// The element models that ship, each loaded when its version is first asked for.

import { ElementModel, type FhirVersion } from './element-model.ts';

const loaded = new Map<FhirVersion, Promise<ElementModel>>();

export function loadModel(version: FhirVersion): Promise<ElementModel> {
  let model = loaded.get(version);
  if (model === undefined) {
    model = importText(version).then((text) => new ElementModel(version, text));
    loaded.set(version, model);
  }
  return model;
}

function importText(version: FhirVersion): Promise<{ resourceTypes: string; jsonKeys: string; types: string }> {
  switch (version) {
    case 'r4':
      return import('./models/r4.ts');
    case 'r4b':
      return import('./models/r4b.ts');
    case 'r5':
      return import('./models/r5.ts');
    default:
      return version satisfies never;
  }
}
