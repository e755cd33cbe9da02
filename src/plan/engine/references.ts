// A Reference → the id, type and identifier its columns show, and which of its leaf values they make visible.
// Contained resources get `<parent id>#x`, so that the id joins to the row of the contained resource.

import { type ParsedReference, parseReference } from '../../fhir/reference.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { ReferenceTarget } from '../../types.ts';
import type { ReferencePart, ReferenceShape } from '../plan.ts';
import type { ResourceState } from './table-state.ts';

/** `resource` is the one that holds the reference. */
export type ReadReference = (reference: JsonObject, resource: ResourceState) => string | undefined;

const nothing: ParsedReference = { form: 'other' };

/** The same few patients, encounters and practitioners are referred to again and again. */
const parsedByText = new Map<string, ParsedReference>();
const parsedLimit = 2048;

export function parseOnce(text: JsonValue | undefined): ParsedReference {
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
      return (reference, resource) => readId(reference, shape, resource);
    case 'type':
      return (reference, resource) => readType(reference, shape, resource);
    case 'identifier':
      return readIdentifier;
    default:
      return part satisfies never;
  }
}

function readId(reference: JsonObject, shape: ReferenceShape, resource: ResourceState): string | undefined {
  const parsed = parseOnce(reference.reference);
  switch (parsed.form) {
    case 'relative':
    case 'absolute':
      return isWanted(parsed.type, shape) ? parsed.id : undefined;
    case 'contained':
      if (typeof reference.type === 'string' && !isWanted(reference.type, shape)) return undefined;
      if (shape.onlyType !== undefined && reference.type !== shape.onlyType) return undefined;
      return parsed.id === '' ? resource.containerId : `${resource.containerId}#${parsed.id}`;
    case 'urn': {
      const target = findTarget(reference, parsed, shape, resource);
      if (target !== undefined) return isWanted(target.type, shape) ? target.id : undefined;
      const { type } = reference;
      return typeof type !== 'string' || isWanted(type, shape) ? parsed.id : undefined;
    }
    case 'conditional':
    case 'other': {
      const target = findTarget(reference, parsed, shape, resource);
      return target !== undefined && isWanted(target.type, shape) ? target.id : undefined;
    }
    default:
      return parsed satisfies never;
  }
}

/** The resource of the input that a reference points to without naming type and id. */
function findTarget(reference: JsonObject, parsed: ParsedReference, shape: ReferenceShape, { references }: ResourceState): ReferenceTarget | undefined {
  if (references === undefined) return undefined;
  const targets = typeof reference.type === 'string' ? [reference.type] : shape.targets;
  switch (parsed.form) {
    case 'urn':
      return references.findUrn(reference.reference as string, parsed.id, targets);
    case 'conditional':
      return parsed.identifier === undefined ? undefined : references.findIdentifier(parsed.identifier, [parsed.type]);
    case 'other': {
      const identifier = reference.reference === undefined ? readIdentifier(reference) : undefined;
      return identifier === undefined ? undefined : references.findIdentifier(identifier, targets);
    }
    case 'relative':
    case 'absolute':
    case 'contained':
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

function readType(reference: JsonObject, shape: ReferenceShape, resource: ResourceState): string | undefined {
  const parsed = parseOnce(reference.reference);
  if ('type' in parsed) return parsed.type;
  return typeof reference.type === 'string' ? reference.type : findTarget(reference, parsed, shape, resource)?.type;
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
export function showsLiteral(reference: JsonObject, shape: ReferenceShape, resource: ResourceState): boolean {
  const parsed = parseOnce(reference.reference);
  const isTypeVisible = (type: string) => shape.hasTypeColumn || (shape.onlyType ?? (shape.targets.length === 1 ? shape.targets[0] : undefined)) === type;
  switch (parsed.form) {
    case 'relative':
      return !parsed.isVersioned && isTypeVisible(parsed.type) && readId(reference, shape, resource) !== undefined;
    case 'urn':
      // An entry may have another id than its fullUrl: then the urn is kept.
      return readId(reference, shape, resource) === parsed.id;
    case 'contained':
      return parsed.id !== '' && readId(reference, shape, resource) !== undefined;
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
export function showsType(reference: JsonObject, shape: ReferenceShape, resource: ResourceState): boolean {
  return shape.hasTypeColumn && readType(reference, shape, resource) === reference.type;
}
