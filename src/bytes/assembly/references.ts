// A Reference → the id, type and identifier that its columns show; see plan/engine/references.ts. What the text of a
// reference means is kept: the same few patients, encounters and practitioners are referred to again and again.

import { isSame, isText, kindOf, member, readString, refuse, setText, startOf, endOf, textAt, textLength } from './cells';
import { allocateArena, allocateHeap, arenaGeneration } from './memory';
import { findTarget, noteReference, numberType, parseReference } from './host';
import { KIND_OBJECT, KIND_STRING } from './tape';

// An entry of the cache: u32 words.
const ENTRY_TEXT: usize = 0;
const ENTRY_TEXT_LENGTH: usize = 4;
const ENTRY_HASH: usize = 8;
const ENTRY_FORM: usize = 12;
const ENTRY_TYPE: usize = 16;
const ENTRY_ID: usize = 20;
const ENTRY_ID_LENGTH: usize = 24;
const ENTRY_IS_VERSIONED: usize = 28;
const ENTRY_IDENTIFIER: usize = 32;
const ENTRY_IDENTIFIER_LENGTH: usize = 36;
/** 0: not looked for, 1: found, 2: there is none in this reading. */
const ENTRY_TARGET: usize = 40;
const ENTRY_TARGET_TYPE: usize = 44;
const ENTRY_TARGET_ID: usize = 48;
const ENTRY_TARGET_ID_LENGTH: usize = 52;
/** Type of the target with the id shown that is known to have a row. */
const ENTRY_MET_TYPE: usize = 56;
/** What is known of its target holds while this is the generation of targets. */
const ENTRY_GENERATION: usize = 60;
/** For which shape and own type the target of an identifier was looked for. */
const ENTRY_ASKED_SHAPE: usize = 64;
const ENTRY_ASKED_TYPE: usize = 68;
const ENTRY_BYTES: usize = 72;

const FORM_RELATIVE: u32 = 1;
const FORM_ABSOLUTE: u32 = 2;
const FORM_URN: u32 = 3;
const FORM_CONDITIONAL: u32 = 4;
const FORM_CONTAINED: u32 = 5;
/** Texts that FHIR has no rule for: not for this engine. */
const FORM_UNSUPPORTED: u32 = 6;
/** Of a reference that has an identifier and no text. */
const FORM_IDENTIFIER: u32 = 7;
const formCount: u32 = 7;

// How a resource stands to those that it contains, or to the one that contains it: u32 words.
export const CONTAINMENT_ID: usize = 0;
export const CONTAINMENT_ID_LENGTH: usize = 4;
export const CONTAINMENT_TYPE: usize = 8;
/** Where not 0, the resource is contained: the text of `contained_in`. */
export const CONTAINMENT_IN: usize = 12;
export const CONTAINMENT_IN_LENGTH: usize = 16;
/** Of each contained resource: address and length of its local id, and its type. */
const CONTAINMENT_COUNT: usize = 20;
const CONTAINMENT_LIST: usize = 24;
/** Places in `contained` of those that have rows of their own. */
export const CONTAINMENT_HAS_UNPACKED: usize = 28;
export const CONTAINMENT_UNPACKED_COUNT: usize = 32;
export const CONTAINMENT_UNPACKED: usize = 36;

// A shape: which columns a reference has. u32 words.
const SHAPE_NUMBER: usize = 0;
const SHAPE_HAS_TYPE_COLUMN: usize = 4;
const SHAPE_ONLY_TYPE: usize = 8;
const SHAPE_TARGET_COUNT: usize = 12;
const SHAPE_TARGETS: usize = 16;

const slotCount: u32 = 8192;
let slots: usize = 0;
let cacheCount: u32 = 0;
/** Of the arena, where the entries stand: cells point to their texts. */
let cacheGeneration: u32 = 0;
let targetGeneration: u32 = 0;

/** Number of a type → address and length of its name. */
let typeTexts: usize = 0;
/** Of the resource at hand, or of the one that contains it. */
let containerId: usize = 0;
let containerIdLength: u32 = 0;
let containerType: u32 = 0;
let referenceKey: u32 = 0;
let typeKey: u32 = 0;
let identifierKey: u32 = 0;
let systemKey: u32 = 0;
let valueKey: u32 = 0;
/** What the reference looked at last says of its target's type itself; 0 when nothing. */
let ownType: u32 = 0;
/** Form → references whose ids columns show: of the resource at hand, and of all before it. */
let formCounts: usize = 0;
let pendingForms: usize = 0;

// What another column of the resource has just shown of the same reference.
let notedSite: u32 = 0xffffffff;
let notedForm: u32 = 0;
let notedId: usize = 0;
let notedIdLength: u32 = 0;

const unmetSlots: u32 = 2048;
const mostPendingUnmet: u32 = 1024;
let unmetStart: usize = 0;
let pendingUnmet: usize = 0;
let pendingUnmetCount: u32 = 0;

export function setReferenceKeys(reference: u32, type: u32, identifier: u32, system: u32, value: u32, typeTextTable: usize): usize {
  systemKey = system;
  valueKey = value;
  referenceKey = reference;
  typeKey = type;
  identifierKey = identifier;
  typeTexts = typeTextTable;
  slots = allocateHeap(slotCount << 2);
  unmetStart = allocateHeap(unmetSlots * 12);
  pendingUnmet = allocateHeap(mostPendingUnmet << 3);
  formCounts = allocateHeap(64);
  pendingForms = allocateHeap(64);
  return formCounts;
}

/** Forgets where references lead: targets that were not found may be there now. */
export function forgetTargets(): void {
  targetGeneration++;
}

function clearReferences(): void {
  if (cacheCount == 0) return;
  memory.fill(slots, 0, slotCount << 2);
  cacheCount = 0;
}

let containment: usize = 0;

/** @param place - undefined (0) for a resource that neither contains others nor is contained */
export function beginReferences(place: usize, id: usize, idLength: u32, type: u32): void {
  containment = place;
  containerId = id;
  containerIdLength = idLength;
  containerType = type;
  if (cacheGeneration != arenaGeneration) {
    clearReferences();
    cacheGeneration = arenaGeneration;
  }
  notedForm = 0;
  memory.fill(pendingForms, 0, 64);
  pendingUnmetCount = 0;
}

export function commitReferences(): void {
  commitUnmet();
  for (let form: usize = 0; form <= formCount; form++) {
    const place = form << 2;
    store<u32>(formCounts + place, load<u32>(formCounts + place) + load<u32>(pendingForms + place));
  }
}

function hashText(start: usize, byteCount: u32): u32 {
  let hash: u32 = byteCount * 0x9e3779b1;
  let at: u32 = 0;
  for (; at + 4 <= byteCount; at += 4) {
    hash = (hash ^ load<u32>(start + at)) * 0x85ebca6b;
    hash ^= hash >> 15;
  }
  for (; at < byteCount; at++) hash = (hash ^ load<u8>(start + at)) * 0xc2b2ae35;
  return hash ^ (hash >> 13);
}

/** The entry of a reference; 0 when it has neither text nor identifier. Sets its own word on the type of its target. */
function entryOf(reference: usize): usize {
  ownType = 0;
  const type = member(reference, typeKey);
  if (type != 0) {
    if (kindOf(type) != KIND_STRING || load<u8>(type, 1) != 0) {
      refuse();
      return 0;
    }
    const start = startOf(type);
    const length = <u32>(endOf(type) - start);
    ownType = typeNumber(start, length);
    if (ownType == 0) ownType = numberType(start, length);
    if (ownType == 0) {
      refuse();
      return 0;
    }
  }
  const text = member(reference, referenceKey);
  return text == 0 ? identifierEntry(reference) : entryOfText(text);
}

function entryOfText(text: usize): usize {
  if (kindOf(text) != KIND_STRING || load<u8>(text, 1) != 0) {
    refuse();
    return 0;
  }
  const start = startOf(text);
  const length = <u32>(endOf(text) - start);
  return findEntry(start, length);
}

function findEntry(start: usize, length: u32): usize {
  const hash = hashText(start, length);
  let slot = hash & (slotCount - 1);
  while (true) {
    const entry = <usize>load<u32>(slots + (slot << 2));
    if (entry == 0) break;
    if (load<u32>(entry, ENTRY_HASH) == hash && load<u32>(entry, ENTRY_TEXT_LENGTH) == length && isSame(load<u32>(entry), start, length)) {
      return isSupported(entry);
    }
    slot = (slot + 1) & (slotCount - 1);
  }
  return addEntry(start, length, hash);
}

function isIdByte(byte: u32): bool {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) || byte == 0x2d || byte == 0x2e;
}

/** The usual references: `Type/id`, of a type that has been met, and `urn:uuid:id`. Others are the host's to read. */
function parsePlain(entry: usize): bool {
  const start = <usize>load<u32>(entry);
  const length = load<u32>(entry, ENTRY_TEXT_LENGTH);
  let idStart: u32 = 0;
  let form = FORM_URN;
  if (length > 9 && load<u64>(start) == 0x6469_7575_3a6e_7275 && load<u8>(start, 8) == 0x3a) idStart = 9;
  if (idStart == 0) {
    while (idStart < length && (load<u8>(start + idStart) | 0x20) >= 0x61 && (load<u8>(start + idStart) | 0x20) <= 0x7a) idStart++;
    if (idStart == length || load<u8>(start + idStart) != 0x2f || length - idStart - 1 > 64) return false;
    const type = typeNumber(start, idStart);
    if (type == 0) return false;
    store<u32>(entry, type, ENTRY_TYPE);
    form = FORM_RELATIVE;
    idStart++;
  }
  if (idStart == length) {
    store<u32>(entry, 0, ENTRY_TYPE);
    return false;
  }
  for (let at = idStart; at < length; at++) {
    if (isIdByte(load<u8>(start + at))) continue;
    store<u32>(entry, 0, ENTRY_TYPE);
    return false;
  }
  store<u32>(entry, form, ENTRY_FORM);
  store<u32>(entry, <u32>start + idStart, ENTRY_ID);
  store<u32>(entry, length - idStart, ENTRY_ID_LENGTH);
  return true;
}

/** The number of a type that the host has numbered; 0 of any other. */
function typeNumber(start: usize, length: u32): u32 {
  for (let type: u32 = 1; type < 400; type++) {
    const text = typeTexts + (<usize>type << 3);
    const address = load<u32>(text);
    if (address == 0) return 0;
    if (load<u32>(text, 4) == length && isSame(address, start, length)) return type;
  }
  return 0;
}

function isSupported(entry: usize): usize {
  if (load<u32>(entry, ENTRY_GENERATION) != targetGeneration) {
    store<u32>(entry, targetGeneration, ENTRY_GENERATION);
    store<u32>(entry, 0, ENTRY_TARGET);
    store<u32>(entry, 0, ENTRY_MET_TYPE);
  }
  if (load<u32>(entry, ENTRY_FORM) != FORM_UNSUPPORTED) return entry;
  refuse();
  return 0;
}

/** Sets the text to `system|value`, or to the value alone where there is no system; false when there is no value. */
function readIdentifier(reference: usize): bool {
  const identifier = member(reference, identifierKey);
  if (identifier == 0 || kindOf(identifier) != KIND_OBJECT) return false;
  const value = member(identifier, valueKey);
  if (value == 0 || kindOf(value) != KIND_STRING) return false;
  const system = member(identifier, systemKey);
  if (system == 0 || kindOf(system) != KIND_STRING) {
    readString(value);
    return true;
  }
  readString(system);
  const systemAt = textAt;
  const systemLength = textLength;
  readString(value);
  const to = allocateArena(systemLength + 1 + textLength);
  if (to == 0) {
    refuse();
    return false;
  }
  memory.copy(to, systemAt, systemLength);
  store<u8>(to + systemLength, 0x7c);
  memory.copy(to + systemLength + 1, textAt, textLength);
  setText(to, systemLength + 1 + textLength);
  return true;
}

/** Its text is a control character, which no other reference begins with, and `system|value`. */
function identifierEntry(reference: usize): usize {
  if (!readIdentifier(reference)) return 0;
  const system = member(member(reference, identifierKey), systemKey);
  const hasSystem = system != 0 && kindOf(system) == KIND_STRING;
  const at = textAt;
  const length = textLength;
  const skipped: u32 = hasSystem ? 1 : 2;
  const to = allocateArena(skipped + length);
  if (to == 0) {
    refuse();
    return 0;
  }
  store<u8>(to, hasSystem ? 1 : 2);
  if (!hasSystem) store<u8>(to, 0x7c, 1);
  memory.copy(to + skipped, at, length);
  const entry = findEntry(to, skipped + length);
  if (entry != 0 && load<u32>(entry, ENTRY_IDENTIFIER) == 0) {
    store<u32>(entry, load<u32>(entry) + skipped, ENTRY_IDENTIFIER);
    store<u32>(entry, length, ENTRY_IDENTIFIER_LENGTH);
  }
  return entry;
}

function addEntry(start: usize, length: u32, hash: u32): usize {
  if (cacheCount >= slotCount >> 1) clearReferences();
  const entry = allocateArena(<u32>ENTRY_BYTES + length);
  if (entry == 0) {
    refuse();
    return 0;
  }
  memory.fill(entry, 0, ENTRY_BYTES);
  memory.copy(entry + ENTRY_BYTES, start, length);
  store<u32>(entry, <u32>(entry + ENTRY_BYTES), ENTRY_TEXT);
  store<u32>(entry, length, ENTRY_TEXT_LENGTH);
  store<u32>(entry, hash, ENTRY_HASH);
  if (load<u8>(start) <= 2 && length > 0) store<u32>(entry, FORM_IDENTIFIER, ENTRY_FORM);
  else if (!parsePlain(entry)) parseReference(entry);
  let slot = hash & (slotCount - 1);
  while (load<u32>(slots + (slot << 2)) != 0) slot = (slot + 1) & (slotCount - 1);
  store<u32>(slots + (slot << 2), <u32>entry);
  cacheCount++;
  return isSupported(entry);
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

/** Takes down a reference without an id, to be told to the host at the end; false when there is no room. */
function addUnmet(site: u32, form: u32, type: u32): bool {
  if (pendingUnmetCount == mostPendingUnmet) return false;
  const place = pendingUnmet + (<usize>pendingUnmetCount << 3);
  store<u32>(place, site);
  store<u32>(place, (type << 8) | form, 4);
  pendingUnmetCount++;
  return true;
}

/** Adds the notes of the resource at hand to those before it; the host takes those that find no place. */
function commitUnmet(): void {
  for (let index: u32 = 0; index < pendingUnmetCount; index++) {
    const pending = pendingUnmet + (<usize>index << 3);
    const site = load<u32>(pending);
    const what = load<u32>(pending, 4);
    let slot = (site * 0x9e3779b1 + what * 0x85ebca6b) & (unmetSlots - 1);
    let tries: u32 = 0;
    for (; tries < 64; tries++) {
      const place = unmetStart + <usize>slot * 12;
      const count = load<u32>(place, 8);
      if (count == 0) {
        store<u32>(place, site);
        store<u32>(place, what, 4);
      } else if (load<u32>(place) != site || load<u32>(place, 4) != what) {
        slot = (slot + 1) & (unmetSlots - 1);
        continue;
      }
      store<u32>(place, count + 1, 8);
      break;
    }
    if (tries == 64) noteReference(site, what & 0xff, what >> 8, 0, 0, 1);
  }
}

/** `unmetSlots` times: site, form (8 bits) and type, and how many. */
export function unmetNotes(): usize {
  return unmetStart;
}

/** `patient_id` and `subject_id` of an Observation are one reference. */
function countForm(site: u32, form: u32, id: usize, idLength: u32): void {
  const isSameId = id == 0 || notedId == 0 ? id == notedId : idLength == notedIdLength && isSame(id, notedId, idLength);
  if (form != notedForm || !isSameId || site == notedSite) {
    const place = pendingForms + (<usize>form << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
  notedSite = site;
  notedForm = form;
  notedId = id;
  notedIdLength = idLength;
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
