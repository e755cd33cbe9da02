// ItemRule → function that chooses one object of a list. Lists are short, so each rule is one pass.

import { standardSystems } from '../../fhir/code-systems.ts';
import { parseReference } from '../../fhir/reference.ts';
import { isJsonObject, type JsonObject, type JsonValue, numberText } from '../../json.ts';
import type { ItemRule } from '../plan.ts';

/** Where HL7's own code systems are: all of them count as standard. */
export const hl7CodeSystems = 'http://terminology.hl7.org/';

export type ChooseItem = (list: readonly JsonValue[]) => JsonObject | undefined;

export function compileItemRule(rule: ItemRule): ChooseItem {
  switch (rule.rule) {
    case 'first':
      return firstObject;
    case 'having':
      return (list) => findItem(list, (item) => item[rule.key] !== undefined);
    case 'standardCoding':
      return chooseStandardCoding;
    case 'codingOfSystem': {
      const systems = new Set(rule.systems);
      return (list) => findItem(list, (coding) => typeof coding.system === 'string' && systems.has(coding.system));
    }
    case 'bestIdentifier':
      return (list) => chooseByRank(list, rankIdentifier);
    case 'identifierOf':
      return (list) => chooseIdentifierOf(list, rule.typeCodes, rule.systems);
    case 'bestName':
      return (list) => chooseByRank(list, rankName);
    case 'bestAddress':
      return (list) => chooseByRank(list, rankAddress);
    case 'contactPoint':
      return (list) => chooseByRank(list, (contact) => (contact.system === rule.system ? rankContactPoint(contact) : undefined));
    case 'extension':
      return (list) => findItem(list, (extension) => extension.url === rule.url);
    case 'where': {
      const values = new Set<JsonValue | undefined>(rule.values);
      return (list) => findItem(list, (item) => values.has(item[rule.key])) ?? (rule.elseFirst ? firstObject(list) : undefined);
    }
    case 'lowest':
      return (list) => chooseByRank(list, (item) => Number(numberText(item[rule.key]) ?? Number.MAX_VALUE));
    case 'whereCode':
      return (list) => chooseWhereCode(list, rule.key, rule.codes);
    case 'referenceTo':
      return (list) => findItem(list, (item) => mayPointTo(rule.key === undefined ? item : item[rule.key], rule.type));
    default:
      return rule satisfies never;
  }
}

function firstObject(list: readonly JsonValue[]): JsonObject | undefined {
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (isJsonObject(item)) return item;
  }
  return undefined;
}

// Loops by index here and below: most runs are over before the compiler has made an iterator cheap.
function findItem(list: readonly JsonValue[], test: (item: JsonObject) => boolean): JsonObject | undefined {
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (isJsonObject(item) && test(item)) return item;
  }
  return undefined;
}

/** The item with the lowest rank, the first of equals; items ranked undefined do not count. */
function chooseByRank(list: readonly JsonValue[], rank: (item: JsonObject) => number | undefined): JsonObject | undefined {
  let best: JsonObject | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (!isJsonObject(item)) continue;
    const itemRank = rank(item);
    if (itemRank !== undefined && itemRank < bestRank) {
      best = item;
      bestRank = itemRank;
    }
  }
  return best;
}

function chooseStandardCoding(list: readonly JsonValue[]): JsonObject | undefined {
  // The usual case: no choice.
  if (list.length === 1) {
    const only = list[0];
    return isJsonObject(only) ? only : undefined;
  }
  let firstWithCode: JsonObject | undefined;
  let first: JsonObject | undefined;
  for (let index = 0; index < list.length; index++) {
    const coding = list[index];
    if (!isJsonObject(coding)) continue;
    first ??= coding;
    if (typeof coding.code !== 'string') continue;
    if (typeof coding.system === 'string' && standardSystems.has(coding.system)) return coding;
    if (typeof coding.system === 'string' && coding.system.startsWith(hl7CodeSystems)) return coding;
    firstWithCode ??= coding;
  }
  return firstWithCode ?? first;
}

/** Rank by use; of other uses, and without one, {@link identifierRank}. */
export const identifierRanks = new Map<JsonValue | undefined, number>([
  ['official', 0],
  ['usual', 1],
  ['secondary', 3],
  ['temp', 4],
  ['old', 5],
]);

export const identifierRank = 2;

function rankIdentifier(identifier: JsonObject): number {
  return identifierRanks.get(identifier.use) ?? identifierRank;
}

function chooseIdentifierOf(list: readonly JsonValue[], typeCodes: readonly string[], systems: readonly string[]): JsonObject | undefined {
  return chooseByRank(list, (identifier) => {
    const isOfSystem = typeof identifier.system === 'string' && systems.includes(identifier.system);
    return isOfSystem || hasCode(identifier.type, typeCodes) ? rankIdentifier(identifier) : undefined;
  });
}

/** True when a CodeableConcept has a coding with one of the codes. */
function hasCode(concept: JsonValue | undefined, codes: readonly string[]): boolean {
  if (!isJsonObject(concept) || !Array.isArray(concept.coding)) return false;
  return concept.coding.some((coding) => isJsonObject(coding) && typeof coding.code === 'string' && codes.includes(coding.code));
}

function chooseWhereCode(list: readonly JsonValue[], key: string, codes: readonly string[]): JsonObject | undefined {
  for (const code of codes) {
    const found = findItem(list, (item) => hasCode(item[key], [code]));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Rank by use, also without one; of other uses {@link nameRank}. */
export const nameRanks = new Map<JsonValue | undefined, number>([
  ['official', 0],
  ['usual', 1],
  [undefined, 2],
  ['maiden', 4],
  ['old', 5],
]);

export const nameRank = 3;

function rankName(name: JsonObject): number {
  return nameRanks.get(name.use) ?? nameRank;
}

/** Rank by use, also without one; of other uses {@link addressRank}. */
export const addressRanks = new Map<JsonValue | undefined, number>([
  ['home', 0],
  [undefined, 1],
  ['old', 3],
]);

export const addressRank = 2;

function rankAddress(address: JsonObject): number {
  return addressRanks.get(address.use) ?? addressRank;
}

const contactUseRanks = new Map<JsonValue | undefined, number>([
  ['home', 0],
  ['mobile', 1],
  ['work', 2],
  ['temp', 4],
  ['old', 5],
]);

/** https://hl7.org/fhir/R4/datatypes-definitions.html#ContactPoint.rank: 1 is the most preferred. */
function rankContactPoint(contact: JsonObject): number {
  const use = contactUseRanks.get(contact.use) ?? 3;
  const rank = Number(numberText(contact.rank) ?? 1000);
  return (use === 5 ? 1e6 : 0) + rank * 10 + use;
}

/** A Reference that points to the type, or whose type cannot be told from its text (urn, identifier only). */
function mayPointTo(reference: JsonValue | undefined, type: string): boolean {
  if (!isJsonObject(reference)) return false;
  if (typeof reference.reference === 'string') {
    const parsed = parseReference(reference.reference);
    if ('type' in parsed) return parsed.type === type;
  }
  return reference.type === undefined || reference.type === type;
}
