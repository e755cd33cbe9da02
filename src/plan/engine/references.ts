// A Reference → the id, type and identifier its columns show, and which of its leaf values they make visible.
// Contained resources get `<parent id>#x`, so that the id joins to the row of the contained resource.

import { type ParsedReference, parseReference } from '../../fhir/reference.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { ReferencePart, ReferenceShape } from '../plan.ts';

/** `containerId` is the id of the resource that holds the reference, or that contains the one that does. */
export type ReadReference = (reference: JsonObject, containerId: string) => string | undefined;

const nothing: ParsedReference = { form: 'other' };

/** The same few patients, encounters and practitioners are referred to again and again. */
const parsedByText = new Map<string, ParsedReference>();
const parsedLimit = 2048;

function parseOnce(text: JsonValue | undefined): ParsedReference {
  if (typeof text !== 'string') return nothing;
  let reference = parsedByText.get(text);
  if (reference === undefined) {
    reference = parseReference(text);
    if (parsedByText.size === parsedLimit) parsedByText.clear();
    parsedByText.set(text, reference);
  }
  return reference;
}

export function compileReference(part: ReferencePart, shape: ReferenceShape): ReadReference {
  switch (part) {
    case 'id':
      return (reference, containerId) => readId(reference, shape, containerId);
    case 'type':
      return readType;
    case 'identifier':
      return readIdentifier;
    default:
      return part satisfies never;
  }
}

function readId(reference: JsonObject, shape: ReferenceShape, containerId: string): string | undefined {
  const parsed = parseOnce(reference.reference);
  switch (parsed.form) {
    case 'relative':
    case 'absolute':
      return isWanted(parsed.type, shape) ? parsed.id : undefined;
    case 'urn': {
      const type = reference.type;
      return typeof type !== 'string' || isWanted(type, shape) ? parsed.id : undefined;
    }
    case 'contained':
      if (typeof reference.type === 'string' && !isWanted(reference.type, shape)) return undefined;
      if (shape.onlyType !== undefined && reference.type !== shape.onlyType) return undefined;
      return parsed.id === '' ? containerId : `${containerId}#${parsed.id}`;
    case 'conditional':
    case 'other':
      return undefined;
    default:
      return parsed satisfies never;
  }
}

/** An id column without a type column must not hold ids of another type: they would join to the wrong row. */
function isWanted(type: string, shape: ReferenceShape): boolean {
  if (shape.onlyType !== undefined) return type === shape.onlyType;
  return shape.hasTypeColumn || shape.targets.length !== 1 || shape.targets[0] === type;
}

function readType(reference: JsonObject): string | undefined {
  const parsed = parseOnce(reference.reference);
  if ('type' in parsed) return parsed.type;
  return typeof reference.type === 'string' ? reference.type : undefined;
}

/** `system|value`: of Reference.identifier, else of a conditional reference. */
function readIdentifier(reference: JsonObject): string | undefined {
  const identifier = reference.identifier;
  if (isJsonObject(identifier) && typeof identifier.value === 'string') {
    return typeof identifier.system === 'string' ? `${identifier.system}|${identifier.value}` : identifier.value;
  }
  const parsed = parseOnce(reference.reference);
  return parsed.form === 'conditional' ? parsed.identifier : undefined;
}

/** True when the columns reproduce the literal text of `Reference.reference`. */
export function showsLiteral(reference: JsonObject, shape: ReferenceShape, containerId: string): boolean {
  const parsed = parseOnce(reference.reference);
  const isTypeVisible = (type: string) => shape.hasTypeColumn || (shape.onlyType ?? (shape.targets.length === 1 ? shape.targets[0] : undefined)) === type;
  switch (parsed.form) {
    case 'relative':
      return !parsed.isVersioned && isTypeVisible(parsed.type) && readId(reference, shape, containerId) !== undefined;
    case 'urn':
      return readId(reference, shape, containerId) !== undefined;
    case 'contained':
      return parsed.id !== '' && readId(reference, shape, containerId) !== undefined;
    case 'conditional':
      return (
        shape.identifierNode !== undefined && isTypeVisible(parsed.type) && parsed.identifier !== undefined && parsed.identifier === readIdentifier(reference)
      );
    case 'absolute':
    case 'other':
      return false;
    default:
      return parsed satisfies never;
  }
}

/** True when the type column holds exactly `Reference.type`. */
export function showsType(reference: JsonObject, shape: ReferenceShape): boolean {
  return shape.hasTypeColumn && readType(reference) === reference.type;
}
