// Syntax → Expression: names become JSON keys by the element model, operators learn what kind of values they work on.
// What cannot be done exactly so is left to the fhirpath package as a whole expression.

import { isPrimitive, jsonKey } from '../fhir/element-model.ts';
import type { Expression } from '../plan/expression.ts';
import { type ExpressionLowerer, lowerCall } from './lower-call.ts';
import { lowerLiteral } from './lower-literal.ts';
import {
  type Choice,
  type ExpressionContext,
  emptyOutcome,
  isEmpty,
  isIntegerType,
  isText,
  isUnknown,
  kindOf,
  mergeTypes,
  NotNative,
  namedUrl,
  nameTypes,
  type Outcome,
  outcome,
  type Scope,
  Unusable,
  withExpression,
} from './outcome.ts';
import type { BinaryOperator, Syntax, TypeName } from './syntax.ts';
import { isPrimitiveName, isResourceType, isSubtype, isSystemType, resolveTypeName } from './types-of-values.ts';

export class Lowerer implements ExpressionLowerer {
  readonly context: ExpressionContext;
  /** True when the expression asks for %rowIndex. */
  usesRowIndex = false;
  /** True when it reads anything of the resource. */
  readsData = false;

  constructor(context: ExpressionContext) {
    this.context = context;
  }

  /** Throws NotNative, or Unusable when a problem was reported. */
  lower(syntax: Syntax, scope: Scope): Outcome {
    switch (syntax.kind) {
      case 'literal':
        return lowerLiteral(syntax.literal, syntax.offset, this.context);
      case 'constant':
        return this.#constant(syntax.name, syntax.offset);
      case 'variable':
        return this.#variable(syntax.name, syntax.offset, scope);
      case 'member':
        return syntax.of === undefined
          ? this.#rootMember(syntax.name, syntax.offset, scope)
          : this.member(this.lower(syntax.of, scope), syntax.name, syntax.offset);
      case 'call':
        return lowerCall(this, syntax.of === undefined ? this.focusOf(scope) : this.lower(syntax.of, scope), syntax, scope);
      case 'indexer': {
        const of = this.lower(syntax.of, scope);
        const index = this.lower(syntax.index, scope);
        if (isEmpty(of) || isEmpty(index)) return emptyOutcome;
        if (kindOf(index) !== 'number') throw new NotNative('an index that is no whole number');
        return withExpression(of, { kind: 'item', of: of.expression, index: index.expression, isMany: false });
      }
      case 'polarity':
        return this.#polarity(syntax, scope);
      case 'type': {
        const operand = this.lower(syntax.operand, scope);
        const type = this.typeNamed(syntax.type);
        return syntax.operator === 'is' ? this.isOfType(operand, type) : this.asType(operand, type, syntax.offset);
      }
      case 'binary':
        return this.#binary(syntax, scope);
      default:
        return syntax satisfies never;
    }
  }

  focusOf({ focus }: Scope): Outcome {
    this.readsData = true;
    return focus;
  }

  /** A focus for what is evaluated once per item of `of`. */
  itemScope(of: Outcome): Scope {
    return { focus: { types: of.types, expression: { kind: 'focus', isMany: false }, ...(of.targets && { targets: of.targets }) }, isLoop: true };
  }

  /** The child elements of a name. */
  member(of: Outcome, name: string, offset: number): Outcome {
    if (isEmpty(of)) return of;
    if (isUnknown(of)) throw new NotNative('elements of values whose type is not known');
    const { model } = this.context;
    const choices: Choice[] = [];
    const targets = new Set<string>();
    let isList = false;
    let isOpenReference = false;
    for (const parent of of.types) {
      if (isPrimitiveName(parent)) continue;
      const element = model.element(parent, name) ?? this.#choiceByKey(parent, name, offset);
      if (element === undefined) continue;
      isList ||= element.isList;
      for (const type of element.types) {
        choices.push({ key: { key: jsonKey(element, type), isPrimitive: isPrimitive(type) }, type: type.path });
        for (const target of type.targets) targets.add(target);
        if (type.code === 'Reference' && type.targets.length === 0) isOpenReference = true;
      }
    }
    if (choices.length === 0) return this.#otherMember(of, name, offset);
    return this.#fromChoices(of.expression, choices, isList || of.expression.isMany, isOpenReference ? [] : [...targets]);
  }

  /** The values of a type, its subtypes included. */
  ofType(of: Outcome, type: string, offset: number): Outcome {
    if (isEmpty(of)) return of;
    const { model } = this.context;
    if (isUnknown(of)) throw new NotNative('the type of values that are not known');
    const isKept = (candidate: string) => (isSystemType(type) ? candidate === type : isSubtype(candidate, type, model));
    if (isSystemType(type) && !of.types.every(isSystemType)) throw new NotNative(`ofType(${type}) of an element`);
    if (of.types.every(isKept)) return of;
    if (of.types.some((candidate) => isSubtype(type, candidate, model) && isResourceType(candidate, model))) {
      const types = model.resourceTypes.filter((candidate) => isSubtype(candidate, type, model));
      return { expression: { kind: 'resourcesOf', of: of.expression, types, isMany: of.expression.isMany }, types: [type] };
    }
    if (of.choices !== undefined && of.expression.kind === 'member') {
      const kept = of.choices.filter((choice) => isKept(choice.type));
      if (kept.length > 0) return this.#fromChoices(of.expression.of, kept, of.expression.isMany, of.targets ?? []);
    } else if (of.types.some(isKept)) {
      if (of.expression.kind !== 'focus') throw new NotNative('the type of one of several values');
      this.context.problems.addAt('VIEW_CHOICE_OPEN', this.context.place, offset);
      throw new Unusable();
    }
    this.warn('VIEW_NEVER', offset, { reason: `it is no ${type}` });
    return emptyOutcome;
  }

  asType(of: Outcome, type: string, offset: number): Outcome {
    if (of.expression.isMany) throw new NotNative('as() of several values');
    return this.ofType(of, type, offset);
  }

  /** True or false for a value, empty for none. */
  isOfType(of: Outcome, type: string): Outcome {
    if (isEmpty(of)) return of;
    if (of.expression.isMany || isUnknown(of)) throw new NotNative('is() of what may be several values');
    const { model } = this.context;
    const isKept = (candidate: string) => (isSystemType(type) ? candidate === type : isSubtype(candidate, type, model));
    if (isSystemType(type) !== of.types.every(isSystemType)) throw new NotNative(`is(${type})`);
    const answer = (value: boolean, otherwise: Expression): Expression => {
      const whenTrue: Expression = { kind: 'literal', value, isMany: false };
      return { kind: 'choose', condition: { kind: 'exists', of: of.expression, isMany: false }, whenTrue, otherwise, isMany: false };
    };
    if (of.types.every(isKept)) return outcome(answer(true, emptyOutcome.expression), 'System.Boolean');
    if (of.choices !== undefined && of.expression.kind === 'member') {
      const kept = of.choices.filter((choice) => isKept(choice.type));
      if (kept.length === 0) return outcome(answer(false, emptyOutcome.expression), 'System.Boolean');
      const keptOf = this.#fromChoices(of.expression.of, kept, false, []).expression;
      const whenTrue: Expression = { kind: 'literal', value: true, isMany: false };
      const condition: Expression = { kind: 'exists', of: keptOf, isMany: false };
      return outcome({ kind: 'choose', condition, whenTrue, otherwise: answer(false, emptyOutcome.expression), isMany: false }, 'System.Boolean');
    }
    if (of.types.some((candidate) => isKept(candidate) || isSubtype(type, candidate, model))) throw new NotNative('the type of a value');
    return outcome(answer(false, emptyOutcome.expression), 'System.Boolean');
  }

  /** What a type specifier names. */
  typeNamed(name: TypeName): string {
    const type = resolveTypeName(name, this.context.model);
    if (type === undefined) throw new Unusable();
    return type;
  }

  /** As operand of `and`, `or` …: a single value that is no boolean counts as true. */
  truthOf(of: Outcome): Expression {
    if (isEmpty(of) || kindOf(of) === 'boolean') return of.expression;
    if (isUnknown(of)) throw new NotNative('a condition whose type is not known');
    return { kind: 'isThere', of: of.expression, isMany: false };
  }

  warn(code: 'VIEW_NEVER' | 'VIEW_PATH_UNKNOWN' | 'VIEW_CHOICE_KEY', offset: number, parameters: Readonly<Record<string, string>>): void {
    this.context.problems.addAt(code, this.context.place, offset, parameters);
  }

  #constant(name: string, offset: number): Outcome {
    const constant = this.context.constants.get(name);
    if (constant !== undefined) return outcome({ kind: 'literal', value: constant.value, isMany: false }, constant.type);
    const text = (value: string) => outcome({ kind: 'literal', value, isMany: false }, 'System.String');
    const url = namedUrl(name);
    if (url !== undefined) return text(url);
    switch (name) {
      case 'rowIndex':
        this.usesRowIndex = true;
        return outcome({ kind: 'rowIndex', isMany: false }, 'System.Integer');
      case 'resource':
      case 'rootResource':
        this.readsData = true;
        return outcome({ kind: 'resource', isMany: false }, this.context.resourceType);
      case 'context':
        throw new NotNative('%context');
      default:
        this.context.problems.addAt('VIEW_CONSTANT_UNKNOWN', this.context.place, offset, { name: name.slice(0, 80) });
        throw new Unusable();
    }
  }

  #variable(name: 'this' | 'index' | 'total', offset: number, scope: Scope): Outcome {
    switch (name) {
      case 'this':
        return this.focusOf(scope);
      case 'index':
        if (scope.isLoop) return outcome({ kind: 'index', isMany: false }, 'System.Integer');
        this.context.problems.addAt('VIEW_SYNTAX', this.context.place, offset, { reason: '$index has a meaning inside where(), select() and the like only' });
        throw new Unusable();
      case 'total':
        throw new NotNative('$total');
      default:
        return name satisfies never;
    }
  }

  /** The name of the focus's type may begin a path. */
  #rootMember(name: string, offset: number, scope: Scope): Outcome {
    const focus = this.focusOf(scope);
    const { model } = this.context;
    if (/^[A-Z]/.test(name) && model.hasType(name)) {
      if (focus.types.length > 0 && focus.types.every((type) => isSubtype(type, name, model))) return focus;
      if (isUnknown(focus) || focus.types.some((type) => isSubtype(name, type, model))) throw new NotNative(`a path that begins with ${name}`);
      this.warn('VIEW_NEVER', offset, { reason: `here is no ${name}` });
      return emptyOutcome;
    }
    return this.member(focus, name, offset);
  }

  /** `valueQuantity` for `value.ofType(Quantity)`: not FHIRPath, but what it means is clear. */
  #choiceByKey(parent: string, name: string, offset: number) {
    const keyed = this.context.model.byKey(parent).get(name);
    if (keyed === undefined || !keyed.element.isChoice) return undefined;
    this.warn('VIEW_CHOICE_KEY', offset, { name, path: `${keyed.element.name}.ofType(${keyed.type.code})` });
    return { ...keyed.element, types: [keyed.type] };
  }

  #fromChoices(of: Expression, choices: readonly Choice[], isMany: boolean, targets: readonly string[]): Outcome {
    const keys = new Map(choices.map(({ key }) => [key.key, key]));
    const types = [...new Set(choices.map(({ type }) => type))];
    // The key tells the type unless two types share it.
    const isTelling = new Set(choices.map(({ key, type }) => `${key.key} ${type}`)).size === keys.size;
    return {
      expression: { kind: 'member', of, keys: [...keys.values()], isMany },
      types,
      ...(isTelling && { choices }),
      ...(targets.length > 0 && { targets }),
    };
  }

  /** What is no element of the type: extensions of a primitive, the type's name, or something unknown. */
  #otherMember(of: Outcome, name: string, offset: number): Outcome {
    const { model } = this.context;
    if (name === 'resourceType' && of.types.every((type) => isResourceType(type, model))) {
      return this.#fromChoices(of.expression, [{ key: { key: name, isPrimitive: true }, type: 'code' }], of.expression.isMany, []);
    }
    if (of.types.some((type) => type === 'Resource' || type === 'DomainResource')) throw new NotNative('elements of a resource whose type is not known');
    if ((name === 'extension' || name === 'id') && of.types.every(isPrimitiveName)) {
      const elements = this.primitiveElements(of);
      return this.#fromChoices(elements, [{ key: { key: name, isPrimitive: name === 'id' }, type: name === 'id' ? 'string' : 'Extension' }], true, []);
    }
    this.warn('VIEW_PATH_UNKNOWN', offset, { type: of.types.join(' or '), name: name.slice(0, 80) });
    return { expression: { kind: 'member', of: of.expression, keys: [{ key: name, isPrimitive: true }], isMany: true }, types: [] };
  }

  /** The objects beside primitives that hold their extensions. */
  primitiveElements({ expression }: Outcome): Expression {
    if (expression.kind !== 'member') throw new NotNative('extensions of chosen primitives');
    return { kind: 'primitiveElement', of: expression.of, keys: expression.keys.map(({ key }) => `_${key}`), isMany: true };
  }

  #polarity({ operator, operand }: Extract<Syntax, { kind: 'polarity' }>, scope: Scope): Outcome {
    const of = this.lower(operand, scope);
    if (kindOf(of) !== 'number') throw new NotNative('a sign before what is no number');
    return operator === '+' ? of : withExpression(of, { kind: 'negate', of: of.expression, isMany: false });
  }

  #binary(syntax: Extract<Syntax, { kind: 'binary' }>, scope: Scope): Outcome {
    const { operator } = syntax;
    if (operator === '|') return this.union(operandsOf(syntax).map((operand) => this.lower(operand, scope)));
    const left = this.lower(syntax.left, scope);
    const right = this.lower(syntax.right, scope);
    const boolean = (expression: Expression): Outcome => outcome(expression, 'System.Boolean');
    switch (operator) {
      case 'and':
      case 'or':
      case 'xor':
      case 'implies':
        return boolean({ kind: 'logic', operator, left: this.truthOf(left), right: this.truthOf(right), isMany: false });
      case '=':
      case '!=': {
        if (isEmpty(left) || isEmpty(right)) return emptyOutcome;
        const as = this.sharedKind(left, right, operator);
        return boolean({ kind: 'equal', isNegated: operator === '!=', as, left: left.expression, right: right.expression, isMany: false });
      }
      case '~':
      case '!~': {
        const as = this.sharedKind(left, right, operator);
        if ((as !== 'text' && as !== 'boolean') || left.expression.isMany || right.expression.isMany) throw new NotNative(`${operator} of such values`);
        return boolean({ kind: 'equivalent', isNegated: operator === '!~', as, left: left.expression, right: right.expression, isMany: false });
      }
      case '<':
      case '<=':
      case '>':
      case '>=': {
        if (isEmpty(left) || isEmpty(right)) return emptyOutcome;
        const as = this.sharedKind(left, right, operator);
        if (as === 'boolean') throw new NotNative('the order of booleans');
        return boolean({ kind: 'compare', operator, as, left: left.expression, right: right.expression, isMany: false });
      }
      case 'in':
      case 'contains': {
        const [item, list] = operator === 'in' ? [left, right] : [right, left];
        if (isEmpty(item)) return emptyOutcome;
        const as = isEmpty(list) ? 'text' : this.sharedKind(item, list, operator);
        return boolean({ kind: 'isAmong', as, item: item.expression, list: list.expression, isMany: false });
      }
      case '&':
        return this.#concatenate('&', left, right);
      case '+':
        if (kindOf(left) === 'text' && kindOf(right) === 'text') return this.#concatenate('+', left, right);
        return this.#arithmetic(operator, left, right);
      case '-':
      case '*':
      case '/':
      case 'div':
      case 'mod':
        return this.#arithmetic(operator, left, right);
      default:
        return operator satisfies never;
    }
  }

  union(operands: readonly Outcome[]): Outcome {
    const given = operands.filter((operand) => !isEmpty(operand));
    const [first] = given;
    if (first === undefined) return emptyOutcome;
    const as = given.map((operand) => this.sharedKind(first, operand, '|'))[0] as 'text';
    return { expression: { kind: 'union', as, operands: given.map(({ expression }) => expression), isMany: true }, types: mergeTypes(...given) };
  }

  /** The kind of values that two operands have in common. */
  sharedKind(left: Outcome, right: Outcome, operator: BinaryOperator): Exclude<ReturnType<typeof kindOf>, undefined> {
    const kind = kindOf(left);
    if (kind === undefined || kind !== kindOf(right)) throw new NotNative(`${operator} of ${nameTypes(left)} and ${nameTypes(right)}`);
    return kind;
  }

  #concatenate(operator: '+' | '&', left: Outcome, right: Outcome): Outcome {
    if (!(isText(left) || isEmpty(left)) || !(isText(right) || isEmpty(right)))
      throw new NotNative(`${operator} of ${nameTypes(left)} and ${nameTypes(right)}`);
    return outcome({ kind: 'concatenate', operator, left: left.expression, right: right.expression, isMany: false }, 'System.String');
  }

  #arithmetic(operator: '+' | '-' | '*' | '/' | 'div' | 'mod', left: Outcome, right: Outcome): Outcome {
    if (isEmpty(left) || isEmpty(right)) return emptyOutcome;
    if (kindOf(left) !== 'number' || kindOf(right) !== 'number') throw new NotNative(`${operator} of ${nameTypes(left)} and ${nameTypes(right)}`);
    const isWhole = operator === 'div' || (operator !== '/' && [...left.types, ...right.types].every(isIntegerType));
    const expression: Expression = { kind: 'arithmetic', operator, left: left.expression, right: right.expression, isMany: false };
    return outcome(expression, isWhole ? 'System.Integer' : 'System.Decimal');
  }
}

/** `a | b | c` in one go, so that a long list is no deep tree. */
function operandsOf(syntax: Syntax): readonly Syntax[] {
  const operands: Syntax[] = [];
  let rest = syntax;
  while (rest.kind === 'binary' && rest.operator === '|') {
    operands.unshift(rest.right);
    rest = rest.left;
  }
  return [rest, ...operands];
}
