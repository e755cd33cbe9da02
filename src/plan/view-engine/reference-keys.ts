// getReferenceKey(): the id that the resource a Reference points to has in this run, so that it joins.
// Contained resources and those that are only named have none.
// https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html

import { isJsonObject, type JsonObject } from '../../json.ts';
import type { ReferenceLookup } from '../../types.ts';
import { parseOnce } from '../engine/references.ts';
import type { Expression } from '../expression.ts';
import type { Compiler } from './compiler.ts';
import type { Single } from './values.ts';

export function compileReferenceKey({ of, type, targets }: Extract<Expression, { kind: 'referenceKey' }>, compiler: Compiler): Single {
  const referenceOf = compiler.single(of);
  return (focus, evaluation) => {
    const reference = referenceOf(focus, evaluation);
    return isJsonObject(reference) ? readKey(reference, type, targets, evaluation.references) : undefined;
  };
}

/** `wanted`: only a resource of this type has a key. */
export function readKey(
  reference: JsonObject,
  wanted: string | undefined,
  targets: readonly string[],
  lookup: ReferenceLookup | undefined,
): string | undefined {
  const parsed = parseOnce(reference['reference']);
  const statedType = typeof reference['type'] === 'string' ? reference['type'] : undefined;
  const possible = wanted !== undefined ? [wanted] : statedType !== undefined ? [statedType] : targets;
  switch (parsed.form) {
    case 'relative':
    case 'absolute':
      return wanted === undefined || parsed.type === wanted ? parsed.id : undefined;
    case 'urn': {
      const target = lookup?.findUrn(reference['reference'] as string, parsed.id, possible);
      if (target !== undefined) return wanted === undefined || target.type === wanted ? target.id : undefined;
      // Nothing in the input has it: the urn's own id, unless it cannot be of the type.
      const mayBe = wanted === undefined || (statedType === undefined ? targets.length === 0 || targets.includes(wanted) : statedType === wanted);
      return mayBe ? parsed.id : undefined;
    }
    case 'conditional':
      if (parsed.identifier === undefined || (wanted !== undefined && parsed.type !== wanted)) return undefined;
      return lookup?.findIdentifier(parsed.identifier, [parsed.type])?.id;
    case 'other': {
      // It may be the fullUrl of an entry all the same.
      const url = reference['reference'];
      const identifier = readIdentifier(reference['identifier']);
      const found = typeof url === 'string' ? lookup?.findUrn(url, '', possible) : identifier && lookup?.findIdentifier(identifier, possible);
      return found && (wanted === undefined || found.type === wanted) ? found.id : undefined;
    }
    case 'contained':
      return undefined;
    default:
      return parsed satisfies never;
  }
}

/** `system|value`; `|value` without a system. */
function readIdentifier(identifier: unknown): string | undefined {
  if (typeof identifier !== 'object' || identifier === null || !('value' in identifier) || typeof identifier.value !== 'string') return undefined;
  const system = 'system' in identifier && typeof identifier.system === 'string' ? identifier.system : '';
  return `${system}|${identifier.value}`;
}
