// A value → the cell of a column. The text of a number or date is the input's: sinks that hold numbers and dates make
// them of it.

import { isJsonObject, type JsonValue, NumberText, stringifyJson } from '../../json.ts';
import type { ColumnType } from '../../types.ts';
import { decimalOf, decimalText, parseDecimal } from './decimals.ts';
import { isMoment, isTime } from './moments.ts';
import { EvaluationFault, noValue, type Value } from './values.ts';

/** Undefined for null. `isFitted`: values of other types than the column's are to be made its own, as SQL's CAST would. */
export function cellReader(type: ColumnType, isFitted: boolean): (value: Value) => string | undefined {
  if (type.kind === 'json') return (value) => (value === noValue ? undefined : stringifyJson(value as JsonValue));
  if (!isFitted) return readText;
  const { fhirType } = type;
  return (value) => {
    const text = readText(value);
    if (text === undefined) return undefined;
    const fitted = fitText(text, fhirType);
    if (fitted === undefined) throw new EvaluationFault('VIEW_CELL_TYPE', { type: fhirType });
    return fitted;
  };
}

function readText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (value === noValue) return undefined;
  if (value instanceof NumberText) return value.text;
  return isJsonObject(value as JsonValue) ? stringifyJson(value as JsonValue) : String(value);
}

/** Undefined for what cannot be of the type. */
function fitText(text: string, type: Exclude<ColumnType, { kind: 'json' }>['fhirType']): string | undefined {
  switch (type) {
    case 'boolean':
      return text === 'true' || text === 'false' ? text : undefined;
    case 'integer':
    case 'integer64':
    case 'positiveInt':
    case 'unsignedInt': {
      const decimal = parseDecimal(text);
      if (decimal === undefined) return undefined;
      const whole = decimalText(decimal).replace(/\.0+$/, '');
      return whole.includes('.') ? undefined : whole;
    }
    case 'decimal':
      return decimalOf(new NumberText(text)) === undefined ? undefined : text;
    case 'date': {
      const date = text.slice(0, 10).replace(/T$/, '');
      return isMoment(text) && isMoment(date) ? date : undefined;
    }
    case 'dateTime':
    case 'instant':
      return isMoment(text) ? text : undefined;
    case 'time':
      return isTime(text) ? text : undefined;
    default:
      return text;
  }
}
