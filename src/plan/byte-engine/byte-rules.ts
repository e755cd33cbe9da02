// ItemRule → the words that assembly/items.ts follows: the rules that most lists need; the others are the host's.

import { addressRank, addressRanks, compileItemRule, identifierRank, identifierRanks, nameRank, nameRanks } from '../engine/item-rules.ts';
import type { ItemRule } from '../plan.ts';
import type { ByteProgram } from './byte-program.ts';

const kinds = { first: 1, having: 2, standardCoding: 3, where: 4, host: 5, ranked: 6, whereCode: 7, referenceTo: 8, lowest: 9 } as const;
const whereFlags = { elseFirst: 1, true: 2, false: 4 } as const;

/** Kind and three words. */
export function writeRule(program: ByteProgram, rule: ItemRule): readonly number[] {
  switch (rule.rule) {
    case 'first':
      return [kinds.first, 0, 0, 0];
    case 'having':
      return [kinds.having, program.keys.numberOf(rule.key), 0, 0];
    case 'standardCoding':
      return [kinds.standardCoding, 0, 0, 0];
    case 'codingOfSystem':
      return writeWhere(program, 'system', rule.systems, false);
    case 'extension':
      return writeWhere(program, 'url', [rule.url], false);
    case 'where':
      return writeWhere(program, rule.key, rule.values, rule.elseFirst);
    case 'bestIdentifier':
      return writeRanked(program, identifierRanks, identifierRank);
    case 'bestName':
      return writeRanked(program, nameRanks, nameRank);
    case 'bestAddress':
      return writeRanked(program, addressRanks, addressRank);
    case 'whereCode':
      return [kinds.whereCode, program.keys.numberOf(rule.key), writeTexts(program, rule.codes), 0];
    case 'referenceTo':
      return [kinds.referenceTo, rule.key === undefined ? 0 : program.keys.numberOf(rule.key), program.references.numberOf(rule.type), 0];
    case 'lowest':
      return [kinds.lowest, program.keys.numberOf(rule.key), program.addRule(compileItemRule(rule)), 0];
    case 'identifierOf':
    case 'contactPoint':
      return [kinds.host, program.addRule(compileItemRule(rule)), 0, 0];
    default:
      return rule satisfies never;
  }
}

function writeWhere(program: ByteProgram, key: string, values: readonly (string | boolean)[], elseFirst: boolean): readonly number[] {
  const texts = values.filter((value) => typeof value === 'string');
  const flags = (elseFirst ? whereFlags.elseFirst : 0) | (values.includes(true) ? whereFlags.true : 0) | (values.includes(false) ? whereFlags.false : 0);
  return [kinds.where, program.keys.numberOf(key), writeTexts(program, texts), flags];
}

function writeTexts(program: ByteProgram, texts: readonly string[]): number {
  return program.write([texts.length, ...texts.flatMap((text) => program.textOf(text))]);
}

/** By `use`: the lowest rank, the first of equals. `others` is the rank of a use that has none of its own. */
function writeRanked(program: ByteProgram, ranks: ReadonlyMap<unknown, number>, others: number): readonly number[] {
  const texts = [...ranks].flatMap(([use, rank]) => (typeof use === 'string' ? [...program.textOf(use), rank] : []));
  return [kinds.ranked, program.keys.numberOf('use'), program.write([texts.length / 3, others, ...texts]), ranks.get(undefined) ?? others];
}
