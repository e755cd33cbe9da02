// Values → JSON text as FHIR servers write it. JSON.stringify cannot: it has no way to write 129.60.

/** A number written as given, trailing zeros included. */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json = string | number | boolean | Decimal | readonly Json[] | { readonly [key: string]: Json | undefined };

/** One line, as in NDJSON. Keys whose value is undefined are left out. */
export function toCompactText(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Decimal) return value.text;
  if (Array.isArray(value)) return `[${value.map(toCompactText).join(',')}]`;
  let text = '';
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    text += `${text === '' ? '' : ','}"${key}":${toCompactText(item)}`;
  }
  return `{${text}}`;
}

/** Two blanks a level; arrays stay on the line of their key, as HAPI and Synthea print them. */
export function toPrettyText(value: Json, indent = ''): string {
  if (typeof value !== 'object' || value instanceof Decimal) return toCompactText(value);
  if (Array.isArray(value)) return `[ ${value.map((item: Json) => toPrettyText(item, indent)).join(', ')} ]`;
  const inner = `${indent}  `;
  let text = '';
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    text += `${text === '' ? '' : ','}\n${inner}"${key}": ${toPrettyText(item, inner)}`;
  }
  return `{${text}\n${indent}}`;
}
