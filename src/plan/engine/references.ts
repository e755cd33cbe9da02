// A Reference → the id, type and identifier its columns show, and which of its leaf values they make visible.
// Contained resources get `<parent id>#x`, so that the id joins to the row of the contained resource.

import { type ParsedReference, parseReference } from '../../fhir/reference.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { ReferenceForm, ReferenceTarget } from '../../types.ts';
import type { ReferencePart, ReferenceShape } from '../plan.ts';
import type { NotedColumn, ResourceState } from './table-state.ts';

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

/** @param noted - told of the references whose ids are read */
export function compileReference(part: ReferencePart, shape: ReferenceShape, noted?: NotedColumn): ReadReference {
  switch (part) {
    case 'id':
      return noted === undefined
        ? (reference, resource) => readId(reference, shape, resource)
        : (reference, resource) => noteId(reference, shape, resource, noted);
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
    case 'contained': {
      const type = containedType(reference, parsed.id, shape, resource);
      const isOther = type === undefined ? shape.onlyType !== undefined : !isWanted(type, shape);
      return isOther ? undefined : containedId(parsed.id, resource);
    }
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

/** `#` alone is the container itself. */
function containedId(localId: string, { containerId }: ResourceState): string {
  return localId === '' ? containerId : `${containerId}#${localId}`;
}

/** The type of a contained resource, where it is known: what the reference says of itself counts for less. */
function containedType(reference: JsonObject, localId: string, shape: ReferenceShape, resource: ResourceState): string | undefined {
  const known = localId === '' ? resource.containerType : resource.containedTypes?.get(localId);
  if (known !== undefined) return known;
  return typeof reference.type === 'string' ? reference.type : shape.targets.length === 1 ? shape.targets[0] : undefined;
}

/** Reads the id and takes down where it should lead. */
function noteId(reference: JsonObject, shape: ReferenceShape, resource: ResourceState, noted: NotedColumn): string | undefined {
  const id = readId(reference, shape, resource);
  const parsed = parseOnce(reference.reference);
  const form = formOf(reference, parsed);
  // Nothing but a display; or something that another column shows.
  if (form === undefined || (id === undefined && shape.onlyType !== undefined)) return id;
  const isMet = parsed.form === 'contained' && parsed.id !== '' && resource.containedTypes?.has(parsed.id) === true;
  noted.note(form, targetType(reference, parsed, shape, resource), id, isMet);
  return id;
}

function formOf(reference: JsonObject, parsed: ParsedReference): ReferenceForm | undefined {
  if (parsed.form !== 'other' || typeof reference.reference === 'string') return parsed.form;
  return readIdentifier(reference) === undefined ? undefined : 'identifier';
}

/** The table that a reader joins to: of the type column, else the only one that the column may mean. */
function targetType(reference: JsonObject, parsed: ParsedReference, shape: ReferenceShape, resource: ResourceState): string | undefined {
  const only = shape.onlyType ?? (shape.targets.length === 1 ? shape.targets[0] : undefined);
  return 'type' in parsed ? parsed.type : (only ?? readType(reference, shape, resource));
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
      if (typeof reference.reference === 'string') return references.findUrn(reference.reference, '', targets);
      const identifier = isJsonObject(reference.identifier) ? reference.identifier : undefined;
      if (typeof identifier?.value !== 'string') return undefined;
      return references.findIdentifier(`${typeof identifier.system === 'string' ? identifier.system : ''}|${identifier.value}`, targets);
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
  if (parsed.form === 'contained') return containedType(reference, parsed.id, shape, resource);
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
export function showsLiteral(reference: JsonObject, shape: ReferenceShape, hasIdentifierColumn: boolean, resource: ResourceState): boolean {
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
      return hasIdentifierColumn && isTypeVisible(parsed.type) && parsed.identifier !== undefined && parsed.identifier === readIdentifier(reference);
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
