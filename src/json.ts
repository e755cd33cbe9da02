// JSON as this project holds it: what JSON.parse gives, plus NumberText for the numbers whose
// text a double does not reproduce (1.00, 12345678901234567890, 1e3).

export type JsonValue = string | number | boolean | null | NumberText | JsonValue[] | JsonObject;

export interface JsonObject {
  [key: string]: JsonValue;
}

/** A JSON number kept as its literal text, because `String(Number(text)) !== text`. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** True for `{…}`: not null, not an array, not a {@link NumberText}. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

/** The literal text of a JSON number as the input wrote it, or undefined when the value is no number. */
export function numberText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return value instanceof NumberText ? value.text : undefined;
}

/**
 * JSON text of a value, numbers as the input wrote them. Own keys only, so `__proto__` is ordinary data.
 * Recursive: the reader's depth limit bounds the stack.
 */
export function stringifyJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (value instanceof NumberText) return value.text;
  if (Array.isArray(value)) {
    let text = '[';
    for (let index = 0; index < value.length; index++) {
      if (index > 0) text += ',';
      text += stringifyJson(value[index] as JsonValue);
    }
    return `${text}]`;
  }
  let text = '';
  for (const key of Object.keys(value)) {
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${stringifyJson(value[key] as JsonValue)}`;
  }
  return `{${text}}`;
}
