// A Reference → the id, type and identifier that its columns show; see plan/engine/references.ts. What the text of a
// reference means is kept: the same few patients, encounters and practitioners are referred to again and again.

import { isSame, member, refuse, setText, textAt, textLength } from './cells';
import { findTarget, noteReference } from './host';
import { allocateArena } from './memory';
import {
  beginEntries,
  entryOf,
  entryOfText,
  identifierKey,
  ownType,
  readIdentifier,
  referenceKey,
  setEntryKeys,
  typeKey,
  typeTexts,
} from './reference-entries';
import { addUnmet, beginNotes, countForm, makeNotes } from './reference-notes';
import {
  CONTAINMENT_COUNT,
  CONTAINMENT_LIST,
  ENTRY_ASKED_SHAPE,
  ENTRY_ASKED_TYPE,
  ENTRY_FORM,
  ENTRY_ID,
  ENTRY_IDENTIFIER,
  ENTRY_IDENTIFIER_LENGTH,
  ENTRY_ID_LENGTH,
  ENTRY_IS_VERSIONED,
  ENTRY_MET_TYPE,
  ENTRY_TARGET,
  ENTRY_TARGET_ID,
  ENTRY_TARGET_ID_LENGTH,
  ENTRY_TARGET_TYPE,
  ENTRY_TYPE,
  FORM_ABSOLUTE,
  FORM_CONDITIONAL,
  FORM_CONTAINED,
  FORM_IDENTIFIER,
  FORM_RELATIVE,
  FORM_URN,
  SHAPE_HAS_TYPE_COLUMN,
  SHAPE_NUMBER,
  SHAPE_ONLY_TYPE,
  SHAPE_TARGETS,
  SHAPE_TARGET_COUNT,
} from './reference-words';

/** Of the resource at hand, or of the one that contains it. */
let containerId: usize = 0;
let containerIdLength: u32 = 0;
let containerType: u32 = 0;
let containment: usize = 0;

/** Returns the address of the counts of references by form. */
export function setReferenceKeys(reference: u32, type: u32, identifier: u32, system: u32, value: u32, typeTextTable: usize): usize {
  setEntryKeys(reference, type, identifier, system, value, typeTextTable);
  return makeNotes();
}

/** @param place - 0 for a resource that neither contains others nor is contained */
export function beginReferences(place: usize, id: usize, idLength: u32, type: u32): void {
  containment = place;
  containerId = id;
  containerIdLength = idLength;
  containerType = type;
  beginEntries();
  beginNotes();
}

/** True for a Reference that points to a type, or whose type cannot be told from its text. */
export function mayPointTo(reference: usize, type: u32): bool {
  const entry = entryOf(reference);
  let known = entry == 0 ? 0 : load<u32>(entry, ENTRY_TYPE);
  if (known == 0) known = ownType;
  return known == 0 || known == type;
}

function isAllowed(type: u32, shape: usize): bool {
  const only = load<u32>(shape, SHAPE_ONLY_TYPE);
  if (only != 0) return type == only;
  return load<u32>(shape, SHAPE_HAS_TYPE_COLUMN) != 0 || load<u32>(shape, SHAPE_TARGET_COUNT) != 1 || load<u32>(shape, SHAPE_TARGETS) == type;
}

function isTarget(type: u32, shape: usize): bool {
  if (ownType != 0) return type == ownType;
  const count = load<u32>(shape, SHAPE_TARGET_COUNT);
  if (count == 0) return true;
  for (let index: u32 = 0; index < count; index++) if (load<u32>(shape + (index << 2), SHAPE_TARGETS) == type) return true;
  return false;
}

/** True when the entry's target is known. */
function hasTarget(entry: usize, shape: usize): bool {
  let known = load<u32>(entry, ENTRY_TARGET);
  const form = load<u32>(entry, ENTRY_FORM);
  const number = load<u32>(shape, SHAPE_NUMBER);
  if (form == FORM_IDENTIFIER) {
    const isAsked = load<u32>(entry, ENTRY_ASKED_SHAPE) == number && load<u32>(entry, ENTRY_ASKED_TYPE) == ownType;
    if (known != 0 && isAsked) return known == 1;
    known = 0;
    store<u32>(entry, number, ENTRY_ASKED_SHAPE);
    store<u32>(entry, ownType, ENTRY_ASKED_TYPE);
  }
  if (known == 2) return false;
  if (known == 1 && (form == FORM_CONDITIONAL || isTarget(load<u32>(entry, ENTRY_TARGET_TYPE), shape))) return true;
  if (form == FORM_CONDITIONAL && load<u32>(entry, ENTRY_IDENTIFIER) == 0) return false;
  const isFound = findTarget(entry, number, ownType) != 0;
  store<u32>(entry, 0, ENTRY_MET_TYPE);
  if (form != FORM_URN && !isFound) store<u32>(entry, 2, ENTRY_TARGET);
  return isFound;
}

/** The type of the contained resource that an entry means; 0 when it is not known. */
function containedType(entry: usize, shape: usize): u32 {
  const id = <usize>load<u32>(entry, ENTRY_ID);
  const length = load<u32>(entry, ENTRY_ID_LENGTH);
  if (length == 0) return containerType;
  if (containment != 0) {
    const count = load<u32>(containment, CONTAINMENT_COUNT);
    let place = <usize>load<u32>(containment, CONTAINMENT_LIST);
    for (let index: u32 = 0; index < count; index++, place += 12) {
      if (load<u32>(place, 4) == length && isSame(load<u32>(place), id, length)) return load<u32>(place, 8);
    }
  }
  if (ownType != 0) return ownType;
  return load<u32>(shape, SHAPE_TARGET_COUNT) == 1 ? load<u32>(shape, SHAPE_TARGETS) : 0;
}

function readContainedId(entry: usize, shape: usize): bool {
  const type = containedType(entry, shape);
  if (type == 0 ? load<u32>(shape, SHAPE_ONLY_TYPE) != 0 : !isAllowed(type, shape)) return false;
  const length = load<u32>(entry, ENTRY_ID_LENGTH);
  if (length == 0) {
    setText(containerId, containerIdLength);
    return true;
  }
  const to = allocateArena(containerIdLength + 1 + length);
  if (to == 0) {
    refuse();
    return false;
  }
  memory.copy(to, containerId, containerIdLength);
  store<u8>(to + containerIdLength, 0x23);
  memory.copy(to + containerIdLength + 1, load<u32>(entry, ENTRY_ID), length);
  setText(to, containerIdLength + 1 + length);
  return true;
}

/** Sets the text to the id that a column shows; false when it shows none. */
function readEntryId(entry: usize, shape: usize): bool {
  switch (load<u32>(entry, ENTRY_FORM)) {
    case FORM_CONTAINED:
      return readContainedId(entry, shape);
    case FORM_RELATIVE:
    case FORM_ABSOLUTE:
      if (!isAllowed(load<u32>(entry, ENTRY_TYPE), shape)) return false;
      break;
    case FORM_URN:
      if (!hasTarget(entry, shape)) {
        if (ownType != 0 && !isAllowed(ownType, shape)) return false;
        break;
      }
      if (!isAllowed(load<u32>(entry, ENTRY_TARGET_TYPE), shape)) return false;
      setText(load<u32>(entry, ENTRY_TARGET_ID), load<u32>(entry, ENTRY_TARGET_ID_LENGTH));
      return true;
    default:
      if (!hasTarget(entry, shape) || !isAllowed(load<u32>(entry, ENTRY_TARGET_TYPE), shape)) return false;
      setText(load<u32>(entry, ENTRY_TARGET_ID), load<u32>(entry, ENTRY_TARGET_ID_LENGTH));
      return true;
  }
  setText(load<u32>(entry, ENTRY_ID), load<u32>(entry, ENTRY_ID_LENGTH));
  return true;
}

/** Number of the type that a type column shows; 0 when it shows none. */
function typeOfEntry(entry: usize, shape: usize): u32 {
  const type = load<u32>(entry, ENTRY_TYPE);
  if (type != 0) return type;
  if (load<u32>(entry, ENTRY_FORM) == FORM_CONTAINED) return containedType(entry, shape);
  if (ownType != 0) return ownType;
  return hasTarget(entry, shape) ? load<u32>(entry, ENTRY_TARGET_TYPE) : 0;
}

/** The id, taken down at a site; false when there is none. */
export function readReferenceId(reference: usize, shape: usize, site: u32, countsForm: bool): bool {
  const entry = entryOf(reference);
  if (entry == 0) return false;
  const hasId = readEntryId(entry, shape);
  if (site == 0) return hasId;
  const only = load<u32>(shape, SHAPE_ONLY_TYPE);
  if (!hasId && only != 0) return false;
  const id = hasId ? textAt : 0;
  const idLength = hasId ? textLength : 0;
  const form = load<u32>(entry, ENTRY_FORM);
  if (countsForm) countForm(site, form, id, idLength);
  let type = load<u32>(entry, ENTRY_TYPE);
  if (type == 0) type = only;
  if (type == 0 && load<u32>(shape, SHAPE_TARGET_COUNT) == 1) type = load<u32>(shape, SHAPE_TARGETS);
  if (type == 0) type = typeOfEntry(entry, shape);
  const mayKeep = form != FORM_CONTAINED && form != FORM_IDENTIFIER && ownType == 0;
  if (hasId && type != 0 && mayKeep && load<u32>(entry, ENTRY_MET_TYPE) == type) {
    setText(id, idLength);
    return true;
  }
  if (!hasId && countsForm && addUnmet(site, form, type)) return false;
  if (noteReference(site, form, type, id, idLength, 1) != 0 && mayKeep) store<u32>(entry, type, ENTRY_MET_TYPE);
  setText(id, idLength);
  return hasId;
}

export function readReferenceType(reference: usize, shape: usize): bool {
  const entry = entryOf(reference);
  const type = entry == 0 ? ownType : typeOfEntry(entry, shape);
  if (type == 0) return false;
  setText(load<u32>(typeTexts + (type << 3)), load<u32>(typeTexts + (type << 3), 4));
  return true;
}

export function readReferenceIdentifier(reference: usize): bool {
  if (readIdentifier(reference)) return true;
  const entry = entryOf(reference);
  if (entry == 0 || load<u32>(entry, ENTRY_IDENTIFIER) == 0) return false;
  setText(load<u32>(entry, ENTRY_IDENTIFIER), load<u32>(entry, ENTRY_IDENTIFIER_LENGTH));
  return true;
}

function isTypeVisible(type: u32, shape: usize): bool {
  if (load<u32>(shape, SHAPE_HAS_TYPE_COLUMN) != 0) return true;
  const only = load<u32>(shape, SHAPE_ONLY_TYPE);
  if (only != 0) return only == type;
  return load<u32>(shape, SHAPE_TARGET_COUNT) == 1 && load<u32>(shape, SHAPE_TARGETS) == type;
}

/** True when the type column holds exactly `Reference.type`. */
export function showsType(reference: usize, shape: usize): bool {
  const entry = entryOf(reference);
  if (load<u32>(shape, SHAPE_HAS_TYPE_COLUMN) == 0) return false;
  return entry == 0 || typeOfEntry(entry, shape) == ownType;
}

/** True when the columns reproduce the literal text of `Reference.reference`. */
export function showsLiteral(reference: usize, shape: usize, hasIdentifierColumn: bool): bool {
  const entry = entryOf(reference);
  if (entry == 0) return false;
  switch (load<u32>(entry, ENTRY_FORM)) {
    case FORM_RELATIVE:
      return load<u32>(entry, ENTRY_IS_VERSIONED) == 0 && isTypeVisible(load<u32>(entry, ENTRY_TYPE), shape) && readEntryId(entry, shape);
    case FORM_URN:
      if (!readEntryId(entry, shape)) return false;
      return textLength == load<u32>(entry, ENTRY_ID_LENGTH) && isSame(textAt, load<u32>(entry, ENTRY_ID), textLength);
    case FORM_CONTAINED:
      return load<u32>(entry, ENTRY_ID_LENGTH) != 0 && readContainedId(entry, shape);
    case FORM_CONDITIONAL:
      if (!hasIdentifierColumn || !isTypeVisible(load<u32>(entry, ENTRY_TYPE), shape) || load<u32>(entry, ENTRY_IDENTIFIER) == 0) return false;
      if (!readIdentifier(reference)) return true;
      return textLength == load<u32>(entry, ENTRY_IDENTIFIER_LENGTH) && isSame(textAt, load<u32>(entry, ENTRY_IDENTIFIER), textLength);
    default:
      return false;
  }
}

/**
 * Sets the text to what getReferenceKey() gives, as plan/view-engine/reference-keys.ts has it; false when that is empty.
 * `wanted`: the only type whose ids are shown, or 0; `mayBeWanted`: a urn that nothing in the input has may be of that type.
 */
export function readReferenceKey(reference: usize, shape: usize, wanted: u32, mayBeWanted: bool): bool {
  // Its own word on the type counts only where nothing else tells it: left to the other engine.
  ownType = 0;
  const text = member(reference, referenceKey);
  if (text == 0) {
    if (member(reference, identifierKey) != 0) refuse();
    return false;
  }
  const entry = entryOfText(text);
  if (entry == 0) return false;
  const type = load<u32>(entry, ENTRY_TYPE);
  switch (load<u32>(entry, ENTRY_FORM)) {
    case FORM_RELATIVE:
    case FORM_ABSOLUTE:
      if (wanted != 0 && type != wanted) return false;
      setText(load<u32>(entry, ENTRY_ID), load<u32>(entry, ENTRY_ID_LENGTH));
      return true;
    case FORM_CONTAINED:
      return false;
    case FORM_URN:
      if (member(reference, typeKey) != 0) {
        refuse();
        return false;
      }
      if (hasTarget(entry, shape)) return readTargetId(entry, wanted);
      if (!mayBeWanted) return false;
      setText(load<u32>(entry, ENTRY_ID), load<u32>(entry, ENTRY_ID_LENGTH));
      return true;
    case FORM_CONDITIONAL:
      return (wanted == 0 || type == wanted) && hasTarget(entry, shape) && readTargetId(entry, 0);
    default:
      refuse();
      return false;
  }
}

function readTargetId(entry: usize, wanted: u32): bool {
  if (wanted != 0 && load<u32>(entry, ENTRY_TARGET_TYPE) != wanted) return false;
  setText(load<u32>(entry, ENTRY_TARGET_ID), load<u32>(entry, ENTRY_TARGET_ID_LENGTH));
  return true;
}
