// Expression → the nodes that assembly/expressions.ts evaluates. What the module does not do itself but is made of single
// values is an operation of the host, carried out as the closures of views do.

import { tokenByteCount, tokenFlags, tokenKinds } from '../../bytes/token-words.ts';
import { isJsonObject, type JsonObject, type JsonValue, NumberText } from '../../json.ts';
import type { Expression, Scalar, ValueKind } from '../expression.ts';
import type { ReferenceShape } from '../plan.ts';
import { createCompiler } from '../view-engine/compile-expression.ts';
import { type Evaluation, EvaluationFault, noValue, type Single, type Value } from '../view-engine/values.ts';
import type { ByteProgram } from './byte-program.ts';

/** Thrown for what the module cannot do at all: then the closures have the view. */
export class NotForBytes extends Error {}

const nodeKinds = {
  focus: 1,
  resource: 2,
  rowIndex: 3,
  index: 4,
  literal: 5,
  empty: 6,
  member: 7,
  primitiveElement: 8,
  extension: 9,
  where: 10,
  select: 11,
  resourcesOf: 12,
  item: 13,
  part: 14,
  skip: 15,
  take: 16,
  exists: 17,
  hasValue: 18,
  all: 19,
  booleans: 20,
  count: 21,
  not: 22,
  isThere: 23,
  logic: 24,
  equal: 25,
  isAmong: 26,
  union: 27,
  combine: 28,
  join: 29,
  choose: 30,
  with: 31,
  resourceKey: 32,
  referenceKey: 33,
  operation: 34,
} as const;
const parts = { first: 1, last: 2, tail: 3, single: 4 } as const;
const logicOperators = { and: 1, or: 2, xor: 3, implies: 4 } as const;
const valueKinds: Readonly<Record<ValueKind, number>> = { text: 1, number: 2, boolean: 3, moment: 4, time: 5 };

const refusal = 0xffffffff;
/** Nodes call each other. */
const mostDepth = 200;
const mostTextLength = 4096;
/** It has no bytes. */
const halfCharacter = /\p{Surrogate}/u;
const focus: Expression = { kind: 'focus', isMany: false };
const other: Expression = { kind: 'resource', isMany: false };

export class ByteExpressions {
  readonly #program: ByteProgram;
  readonly #trueToken: number;
  readonly #falseToken: number;
  readonly #noValueToken: number;
  readonly #operations: Single[] = [];
  /** Operations find their second value in the place of the resource. */
  readonly #evaluation: Evaluation;
  #depth = 0;

  constructor(program: ByteProgram) {
    this.#program = program;
    const { keys, store } = program;
    const tokens = store.functions.prepareExpressions(keys.numberOf('extension'), keys.numberOf('url'), keys.numberOf('resourceType'));
    if (tokens === 0) throw new RangeError('no memory for expressions');
    this.#trueToken = tokens;
    this.#falseToken = tokens + tokenByteCount;
    this.#noValueToken = tokens + 2 * tokenByteCount;
    this.#evaluation = { resource: {}, id: '', hasNumberText: false, rowIndex: 0, index: 0, references: undefined };
    // Numbers 0 and 1: assembly/equality.ts knows them.
    for (const as of ['moment', 'time'] as const) this.#addOperation({ kind: 'equal', isNegated: false, as, left: focus, right: other, isMany: false });
  }

  /** The address of an expression's node. */
  write(expression: Expression): number {
    if (this.#depth === mostDepth) throw new NotForBytes();
    this.#depth++;
    try {
      return this.#writeNode(expression);
    } finally {
      this.#depth--;
    }
  }

  #writeNode(expression: Expression): number {
    const words = this.#wordsOf(expression);
    return this.#program.write([words[0] as number, expression.isMany ? 1 : 0, ...words.slice(1)]);
  }

  /** The number of an operation on one value. */
  addOperation(evaluate: (value: Value) => Value | undefined): number {
    return this.#operations.push((value) => (value === undefined ? undefined : evaluate(value))) - 1;
  }

  #addOperation(expression: Expression): number {
    const compiler = createCompiler(() => {
      throw new NotForBytes();
    });
    return this.#operations.push(compiler.single(expression)) - 1;
  }

  evaluate(operation: number, first: number, second: number): number {
    const evaluation = this.#evaluation;
    // Whatever the value is: operations do not look at it as a resource.
    evaluation.resource = this.#valueOf(second) as JsonObject;
    try {
      return this.#tokenOf((this.#operations[operation] as Single)(this.#valueOf(first), evaluation));
    } catch (error) {
      if (error instanceof EvaluationFault) return refusal;
      throw error;
    }
  }

  #valueOf(token: number): Value | undefined {
    if (token === 0) return undefined;
    return token === this.#noValueToken ? noValue : (this.#program.readValue(token) as Value);
  }

  #tokenOf(value: Value | undefined): number {
    if (value === undefined) return 0;
    if (typeof value === 'boolean') return value ? this.#trueToken : this.#falseToken;
    if (isJsonObject(value as JsonValue)) return refusal;
    const { store } = this.#program;
    const text = textOf(value as Scalar);
    if (halfCharacter.test(text) || !store.encode(text)) return refusal;
    const token = store.functions.allocateArena(tokenByteCount);
    if (token === 0) return refusal;
    const { textAddress, textByteCount } = store;
    store.words.set(tokenWords(typeof value === 'string' ? tokenKinds.string : tokenKinds.number, token, textAddress, textByteCount), token >> 2);
    return token;
  }

  #literal(value: Scalar): number {
    if (typeof value === 'boolean') return value ? this.#trueToken : this.#falseToken;
    const [address, byteCount] = this.#textOf(textOf(value));
    const token = this.#program.allocate(tokenByteCount / 4);
    this.#program.store.words.set(tokenWords(typeof value === 'string' ? tokenKinds.string : tokenKinds.number, token, address, byteCount), token >> 2);
    return token;
  }

  /** The module's memory for plans is small. */
  #textOf(text: string): readonly [number, number] {
    return text.length > mostTextLength || halfCharacter.test(text) ? notForBytes() : this.#program.textOf(text);
  }

  /** Its kind, and what is after the word for `isMany`. */
  #wordsOf(expression: Expression): readonly number[] {
    const { kind } = expression;
    switch (kind) {
      case 'focus':
      case 'resource':
      case 'rowIndex':
      case 'index':
      case 'empty':
        return [nodeKinds[kind]];
      case 'literal':
        return [nodeKinds.literal, this.#literal(expression.value)];
      case 'member': {
        const keys = expression.keys.flatMap(({ key, isPrimitive }) => [this.#keyNumber(key), isPrimitive ? this.#keyNumber(`_${key}`) : 0]);
        return [nodeKinds.member, this.write(expression.of), expression.keys.length, this.#program.write(keys)];
      }
      case 'primitiveElement': {
        const keys = expression.keys.map((key) => this.#program.keys.numberOf(key));
        return [nodeKinds.primitiveElement, this.write(expression.of), keys.length, this.#program.write(keys)];
      }
      case 'extension':
        return [nodeKinds.extension, this.write(expression.of), this.write(expression.url)];
      case 'where':
      case 'all':
        return [nodeKinds[kind], this.write(expression.of), this.write(expression.criterion)];
      case 'select':
      case 'with':
        return [nodeKinds[kind], this.write(expression.of), this.write(expression.projection)];
      case 'resourcesOf': {
        const types = expression.types.map((type) => this.#literal(type));
        return [nodeKinds.resourcesOf, this.write(expression.of), types.length, this.#program.write(types)];
      }
      case 'item': {
        const index = literalNumber(expression.index);
        // Of a position that no list has, the closures say nothing.
        return Number.isInteger(index) && index >= 0 && index < 1000 ? [nodeKinds.item, this.write(expression.of), index] : notForBytes();
      }
      case 'part':
        return [nodeKinds.part, this.write(expression.of), parts[expression.part]];
      case 'skip':
      case 'take': {
        const count = literalNumber(expression.count);
        return Number.isInteger(count) && Math.abs(count) < 1000 ? [nodeKinds[kind], this.write(expression.of), Math.max(0, count)] : notForBytes();
      }
      case 'exists':
      case 'empty?':
        return [nodeKinds.exists, this.write(expression.of), kind === 'exists' ? 1 : 0];
      case 'hasValue':
      case 'count':
      case 'not':
      case 'isThere':
      case 'resourceKey':
        return [nodeKinds[kind], this.write(expression.of)];
      case 'booleans': {
        const { test } = expression;
        return [nodeKinds.booleans, this.write(expression.of), test.startsWith('all') ? 1 : 0, test.endsWith('True') ? 1 : 0];
      }
      case 'logic':
        return [nodeKinds.logic, logicOperators[expression.operator], this.write(expression.left), this.write(expression.right)];
      case 'equal':
        return [nodeKinds.equal, valueKinds[expression.as], this.write(expression.left), this.write(expression.right), expression.isNegated ? 1 : 0];
      case 'isAmong':
        return [nodeKinds.isAmong, valueKinds[expression.as], this.write(expression.item), this.write(expression.list)];
      case 'union': {
        const operands = expression.operands.map((operand) => this.write(operand));
        return [nodeKinds.union, valueKinds[expression.as], operands.length, this.#program.write(operands)];
      }
      case 'combine':
        return [nodeKinds.combine, this.write(expression.left), this.write(expression.right)];
      case 'join': {
        const { separator } = expression;
        const between = separator === undefined ? '' : separator.kind === 'literal' ? separator.value : undefined;
        return typeof between === 'string' ? [nodeKinds.join, this.write(expression.of), ...this.#textOf(between)] : notForBytes();
      }
      case 'choose':
        return [nodeKinds.choose, this.write(expression.condition), this.write(expression.whenTrue), this.write(expression.otherwise)];
      case 'referenceKey':
        return this.#referenceKey(expression);
      case 'compare':
      case 'equivalent':
      case 'arithmetic':
      case 'concatenate':
        return this.#operation([expression.left, expression.right], ([left = focus, right = focus]) => ({ ...expression, left, right }));
      case 'negate':
      case 'convert':
      case 'boundary':
      case 'matches':
        return this.#operation([expression.of], ([of = focus]) => ({ ...expression, of }));
      case 'string':
        return this.#operation([expression.of, ...expression.args], ([of = focus, ...args]) => ({ ...expression, of, args }));
      case 'split':
      case 'call':
      case 'package':
        return notForBytes();
      default:
        return expression satisfies never;
    }
  }

  /** Of a name that is none of FHIR's: no record that is read as bytes has it. */
  #keyNumber(key: string): number {
    if (key.startsWith('__')) notForBytes();
    return this.#program.keys.numberOf(key);
  }

  #referenceKey({ of, targets, type }: Extract<Expression, { kind: 'referenceKey' }>): readonly number[] {
    const { references } = this.#program;
    const wanted = type === undefined ? 0 : references.numberOf(type);
    if (type !== undefined && wanted === 0) notForBytes();
    const shape: ReferenceShape = { targets: type === undefined ? targets : [type], onlyType: type, hasTypeColumn: false, identifierNode: undefined };
    const mayBeWanted = type === undefined || targets.length === 0 || targets.includes(type);
    return [nodeKinds.referenceKey, this.write(of), references.shape(shape), wanted, mayBeWanted ? 1 : 0];
  }

  /** What does not depend on the resource stays in the operation; two values at most are given to it. */
  #operation(operands: readonly Expression[], operationOf: (operands: readonly Expression[]) => Expression): readonly number[] {
    const places = [focus, other];
    const given: Expression[] = [];
    const inner = operands.map((operand) => {
      if (operand.kind === 'literal' || operand.kind === 'empty') return operand;
      given.push(operand);
      return places[given.length - 1] ?? notForBytes();
    });
    const [first, second] = given.map((operand) => this.write(operand));
    return [
      nodeKinds.operation,
      this.#addOperation({ ...operationOf(inner), isMany: false }),
      first ?? this.write({ kind: 'empty', isMany: false }),
      second ?? 0,
    ];
  }
}

function notForBytes(): never {
  throw new NotForBytes();
}

/** NaN for what is no number known beforehand. */
function literalNumber(expression: Expression): number {
  return expression.kind === 'literal' && typeof expression.value === 'number' ? expression.value : Number.NaN;
}

function textOf(value: Scalar): string {
  return value instanceof NumberText ? value.text : String(value);
}

function tokenWords(kind: number, token: number, address: number, byteCount: number): readonly number[] {
  return [kind | (kind === tokenKinds.string ? tokenFlags.hasNonAscii << 8 : 0), address, address + byteCount, token + tokenByteCount];
}
