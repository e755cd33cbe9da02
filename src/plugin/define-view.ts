// A ViewDefinition as a user's plugin brings it. What it says is checked when the FHIR version is known.

import type { PluginView } from '../types.ts';
import { isRecord, isTextList } from './define-flattener.ts';
import { invalidPlugin } from './plugin-fault.ts';

export interface ViewSpec {
  /** Tables of others that are not written: `['patient']`. */
  readonly replaces?: readonly string[];
}

/** Makes a flattener of a ViewDefinition, given as JSON.parse gives it. Throws a UserError (PLUGIN_INVALID) when it is none. */
export function defineView(view: object, { replaces = [] }: ViewSpec = {}): PluginView {
  if (!isRecord(view) || !('select' in view)) throw invalidPlugin('?', 'defineView takes a ViewDefinition, an object with resource and select');
  if (!isTextList(replaces)) throw invalidPlugin('?', 'replaces takes a list of table names');
  return { view, replaces };
}
