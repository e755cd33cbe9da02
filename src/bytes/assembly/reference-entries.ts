// What the texts of references mean, kept for the next time: the same few patients, encounters and practitioners are
// referred to again and again.

import { endOf, isSame, kindOf, member, readString, refuse, setText, startOf, textAt, textLength } from './cells';
import { numberType, parseReference } from './host';
import { allocateArena, allocateHeap, arenaGeneration } from './memory';
import {
  ENTRY_BYTES,
  ENTRY_FORM,
  ENTRY_GENERATION,
  ENTRY_HASH,
  ENTRY_ID,
  ENTRY_IDENTIFIER,
  ENTRY_IDENTIFIER_LENGTH,
  ENTRY_ID_LENGTH,
  ENTRY_MET_TYPE,
  ENTRY_TARGET,
  ENTRY_TEXT,
  ENTRY_TEXT_LENGTH,
  ENTRY_TYPE,
  FORM_IDENTIFIER,
  FORM_RELATIVE,
  FORM_UNSUPPORTED,
  FORM_URN,
} from './reference-words';
import { KIND_OBJECT, KIND_STRING } from './tape';

const slotCount: u32 = 8192;
let slots: usize = 0;
let cacheCount: u32 = 0;
/** Of the arena, where the entries stand: cells point to their texts. */
let cacheGeneration: u32 = 0;
let targetGeneration: u32 = 0;

/** References of the resource at hand, each of which several cells and checks ask for. */
const mostAtHand: u32 = 64;
const atHandBytes: u32 = 16;
const AT_HAND_RESOURCE = 4;
const AT_HAND_ENTRY = 8;
const AT_HAND_OWN_TYPE = 12;
let atHand: usize = 0;
/** Counts resources: what was kept of those before is not of this one. */
let resourceNumber: u32 = 0;

/** Number of a type → address and length of its name. */
export let typeTexts: usize = 0;
export let referenceKey: u32 = 0;
export let typeKey: u32 = 0;
export let identifierKey: u32 = 0;
let systemKey: u32 = 0;
let valueKey: u32 = 0;
/** What the reference looked at last says of its target's type itself; 0 when nothing. */
export let ownType: u32 = 0;

export function setEntryKeys(reference: u32, type: u32, identifier: u32, system: u32, value: u32, typeTextTable: usize): void {
  systemKey = system;
  valueKey = value;
  referenceKey = reference;
  typeKey = type;
  identifierKey = identifier;
  typeTexts = typeTextTable;
  slots = allocateHeap(slotCount << 2);
  atHand = allocateHeap(mostAtHand * atHandBytes);
}

/** To be called before each resource: entries stand in the arena. */
export function beginEntries(): void {
  resourceNumber++;
  if (cacheGeneration == arenaGeneration) return;
  clearReferences();
  cacheGeneration = arenaGeneration;
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
export function entryOf(reference: usize): usize {
  const place = atHand + ((reference >> 4) & (mostAtHand - 1)) * atHandBytes;
  if (load<u32>(place) == <u32>reference && load<u32>(place, AT_HAND_RESOURCE) == resourceNumber) {
    ownType = load<u32>(place, AT_HAND_OWN_TYPE);
    return load<u32>(place, AT_HAND_ENTRY);
  }
  const entry = readEntry(reference);
  if (entry == 0) return 0;
  store<u32>(place, <u32>reference);
  store<u32>(place, resourceNumber, AT_HAND_RESOURCE);
  store<u32>(place, <u32>entry, AT_HAND_ENTRY);
  store<u32>(place, ownType, AT_HAND_OWN_TYPE);
  return entry;
}

function readEntry(reference: usize): usize {
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

export function entryOfText(text: usize): usize {
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
export function readIdentifier(reference: usize): bool {
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
