// What expressions are evaluated on and against: values, the state of one evaluation, and what goes wrong in it.

import type { DiagnosticCode, MessageParameters } from '../../diagnostics.ts';
import { isJsonObject, type JsonObject, type JsonValue, NumberText } from '../../json.ts';
import type { ReferenceLookup } from '../../types.ts';

export type Value = string | number | boolean | NumberText | JsonObject;

/** A primitive element with extensions only. */
export const noValue: JsonObject = Object.freeze({});

/** Of the resource that is being flattened. */
export interface Evaluation {
  resource: JsonObject;
  id: string;
  hasNumberText: boolean;
  /** `%rowIndex` */
  rowIndex: number;
  /** `$index` */
  index: number;
  readonly references: ReferenceLookup | undefined;
}

/** At most one value. `focus` undefined: there is none. */
export type Single = (focus: Value | undefined, evaluation: Evaluation) => Value | undefined;
/** Appends its values to `out`. */
export type Plural = (focus: Value | undefined, evaluation: Evaluation, out: Value[]) => void;

/** Something of a value, or undefined to look on. */
export type Find = (value: Value, evaluation: Evaluation) => Value | undefined;

/** Why a resource has no rows in a view. Shows no value of it. */
export class EvaluationFault extends Error {
  readonly code: DiagnosticCode;
  readonly parameters: MessageParameters;
  constructor(code: DiagnosticCode, parameters: MessageParameters = {}) {
    super(code);
    this.name = 'EvaluationFault';
    this.code = code;
    this.parameters = parameters;
  }
}

/** The one value of an element that FHIR does not let repeat, whatever the input says. */
export function unwrapList(value: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(value)) return value;
  if (value.length > 1) throw new EvaluationFault('VIEW_SEVERAL_VALUES', { count: value.length });
  return unwrapList(value[0]);
}

/** The child under a key that every object may have, such as `constructor`, only where the input has it. */
export function ownChild(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Appends what stands under a key: one value or a list. `element`: what stands under `_key`. */
export function pushChildren(child: JsonValue | undefined, element: JsonValue | undefined, out: Value[]): void {
  if (Array.isArray(child) || Array.isArray(element)) {
    const values = Array.isArray(child) ? child : [];
    const elements = Array.isArray(element) ? element : [];
    const count = Math.max(values.length, elements.length);
    for (let index = 0; index < count; index++) {
      const value = values[index];
      if (value !== undefined && value !== null && !Array.isArray(value)) out.push(value);
      else if (isJsonObject(elements[index])) out.push(noValue);
    }
  } else if (child !== undefined && child !== null) {
    out.push(child);
  } else if (isJsonObject(element)) {
    out.push(noValue);
  }
}

export function isNumeric(value: Value | undefined): value is number | NumberText {
  return typeof value === 'number' || value instanceof NumberText;
}
