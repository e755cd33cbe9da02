// The version in package.json, put in by the build; running from the sources there is none.

declare const FHIR_FLATTEN_VERSION: string | undefined;

export const toolVersion: string = typeof FHIR_FLATTEN_VERSION === 'string' ? FHIR_FLATTEN_VERSION : '0.0.0-source';
