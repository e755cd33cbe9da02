// The types that expressions have: FHIR's, by the names of the element model (`code`, `HumanName`, `Patient.contact`),
// and FHIRPath's own for what is computed (`System.Boolean`).

import type { ElementModel } from '../fhir/element-model.ts';
import type { ValueKind } from '../plan/expression.ts';
import type { PrimitiveTypeName } from '../types.ts';
import type { TypeName } from './syntax.ts';

/** What the base of a primitive or a specialised quantity is; https://hl7.org/fhir/R4/datatypes.html */
const bases: Readonly<Record<string, string>> = {
  code: 'string',
  id: 'string',
  markdown: 'string',
  canonical: 'uri',
  oid: 'uri',
  url: 'uri',
  uuid: 'uri',
  positiveInt: 'integer',
  unsignedInt: 'integer',
  Age: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
  Duration: 'Quantity',
  MoneyQuantity: 'Quantity',
  SimpleQuantity: 'Quantity',
};

const primitiveKinds: Readonly<Record<PrimitiveTypeName, ValueKind>> = {
  base64Binary: 'text',
  boolean: 'boolean',
  canonical: 'text',
  code: 'text',
  date: 'moment',
  dateTime: 'moment',
  decimal: 'number',
  id: 'text',
  instant: 'moment',
  integer: 'number',
  integer64: 'number',
  markdown: 'text',
  oid: 'text',
  positiveInt: 'number',
  string: 'text',
  time: 'time',
  unsignedInt: 'number',
  uri: 'text',
  url: 'text',
  uuid: 'text',
  xhtml: 'text',
};

const systemTypes: Readonly<Record<string, PrimitiveTypeName | undefined>> = {
  Boolean: 'boolean',
  Date: 'date',
  DateTime: 'dateTime',
  Decimal: 'decimal',
  Integer: 'integer',
  Long: 'integer64',
  Quantity: undefined,
  String: 'string',
  Time: 'time',
};

export function isPrimitiveName(type: string): type is PrimitiveTypeName {
  return Object.hasOwn(primitiveKinds, type);
}

export function isSystemType(type: string): boolean {
  return type.startsWith('System.');
}

/** The FHIR primitive that says the same: `boolean` for `System.Boolean`; undefined for objects. */
export function primitiveOf(type: string): PrimitiveTypeName | undefined {
  if (isPrimitiveName(type)) return type;
  return isSystemType(type) ? systemTypes[type.slice('System.'.length)] : undefined;
}

/** Which values of the type are: undefined for objects. */
export function kindOfType(type: string): ValueKind | undefined {
  // R5 writes integer64 as a JSON string.
  if (type === 'integer64') return undefined;
  const primitive = primitiveOf(type);
  return primitive && primitiveKinds[primitive];
}

/** A type and all it specialises, itself first. */
export function lineageOf(type: string, model: ElementModel): readonly string[] {
  const lineage: string[] = [];
  for (let current: string | undefined = type; current !== undefined && !lineage.includes(current); current = baseOf(current, model)) lineage.push(current);
  return lineage;
}

function baseOf(type: string, model: ElementModel): string | undefined {
  const base = bases[type];
  if (base !== undefined) return base;
  return isPrimitiveName(type) ? 'Element' : model.baseOf(type);
}

export function isSubtype(type: string, ancestor: string, model: ElementModel): boolean {
  return lineageOf(type, model).includes(ancestor);
}

/** What a type specifier names: a FHIR type before one of FHIRPath's; undefined for neither. */
export function resolveTypeName({ namespace, name }: Pick<TypeName, 'namespace' | 'name'>, model: ElementModel): string | undefined {
  const isFhir = isPrimitiveName(name) || model.hasType(name) || Object.hasOwn(bases, name) || name === 'PrimitiveType';
  if (isFhir && (namespace === undefined || namespace === 'FHIR')) return name;
  return Object.hasOwn(systemTypes, name) && (namespace === undefined || namespace === 'System') ? `System.${name}` : undefined;
}

export function isResourceType(type: string, model: ElementModel): boolean {
  return isSubtype(type, 'Resource', model);
}
