// FHIR values → the text a person would write: names, quantities, timings. Renderings are labels: they are computed
// and never stand for the values they are made of.

import { isJsonObject, type JsonObject, type JsonValue, numberText } from '../../json.ts';
import type { Rendering } from '../plan.ts';
import { compileItemRule } from './item-rules.ts';

export function renderValue(value: JsonValue | undefined, as: Rendering): string | undefined {
  if (as === 'primitive') return renderPrimitive(value);
  if (!isJsonObject(value)) return undefined;
  switch (as) {
    case 'humanName':
      return renderHumanName(value);
    case 'timing':
      return renderTiming(value);
    case 'quantity':
      return renderQuantity(value);
    case 'concept':
      return renderConcept(value);
    case 'range':
      return joinPresent([renderQuantity(value.low), renderQuantity(value.high)], ' - ');
    case 'ratio':
      return joinPresent([renderQuantity(value.numerator), renderQuantity(value.denominator)], ' / ');
    case 'period':
      return joinPresent([renderPrimitive(value.start), renderPrimitive(value.end)], ' - ');
    case 'money':
      return joinPresent([renderPrimitive(value.value), renderPrimitive(value.currency)], ' ');
    case 'reference':
      return renderPrimitive(value.display) ?? renderPrimitive(value.reference);
    default:
      return as satisfies never;
  }
}

function renderPrimitive(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return numberText(value);
}

function joinPresent(parts: readonly (string | undefined)[], separator: string): string | undefined {
  const present = parts.filter((part) => part !== undefined && part !== '');
  return present.length === 0 ? undefined : present.join(separator);
}

function joinStrings(value: JsonValue | undefined, separator: string): string | undefined {
  if (!Array.isArray(value)) return undefined;
  return joinPresent(
    value.map((item) => (typeof item === 'string' ? item : undefined)),
    separator,
  );
}

/** The text of the name, else prefix, given, family, suffix. https://hl7.org/fhir/R4/datatypes.html#HumanName */
function renderHumanName(name: JsonObject): string | undefined {
  if (typeof name.text === 'string') return name.text;
  return joinPresent([joinStrings(name.prefix, ' '), joinStrings(name.given, ' '), renderPrimitive(name.family), joinStrings(name.suffix, ' ')], ' ');
}

/** `186.4 cm`, `<5 mg`. */
function renderQuantity(value: JsonValue | undefined): string | undefined {
  if (!isJsonObject(value)) return undefined;
  const amount = numberText(value.value);
  if (amount === undefined) return undefined;
  const unit = renderPrimitive(value.unit) ?? renderPrimitive(value.code);
  // UCUM's code for a bare number: https://ucum.org/ucum#section-Dimensionless-Units
  return joinPresent([(renderPrimitive(value.comparator) ?? '') + amount, unit === '1' ? undefined : unit], ' ');
}

const chooseCoding = compileItemRule({ rule: 'standardCoding' });

function renderConcept(concept: JsonObject): string | undefined {
  if (typeof concept.text === 'string') return concept.text;
  const coding = Array.isArray(concept.coding) ? chooseCoding(concept.coding) : undefined;
  return renderPrimitive(coding?.display) ?? renderPrimitive(coding?.code);
}

/**
 * `2 per 1 d`, `every 6 h`-like timings as `1 per 6 h`; else the code's label, else the events.
 * https://hl7.org/fhir/R4/datatypes.html#Timing
 */
function renderTiming(timing: JsonObject): string | undefined {
  const repeat = isJsonObject(timing.repeat) ? timing.repeat : {};
  const frequency = joinPresent([renderPrimitive(repeat.frequency), renderPrimitive(repeat.frequencyMax)], '-');
  const period = joinPresent([renderPrimitive(repeat.period), renderPrimitive(repeat.periodMax)], '-');
  const rate = period === undefined ? undefined : `${frequency ?? '1'} per ${joinPresent([period, renderPrimitive(repeat.periodUnit)], ' ')}`;
  const when = joinPresent([joinStrings(repeat.dayOfWeek, ', '), joinStrings(repeat.timeOfDay, ', '), joinStrings(repeat.when, ', ')], ' ');
  return joinPresent([rate, when], ' ') ?? (isJsonObject(timing.code) ? renderConcept(timing.code) : undefined) ?? joinStrings(timing.event, ', ');
}
