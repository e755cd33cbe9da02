// The public API: a conversion from a program, and the contracts that plugins are written against.

export type { CsvOptions } from './builtin.ts';
export { convert } from './convert/convert.ts';
export type { ConvertOptions, ConvertResult } from './convert/convert-options.ts';
export { type Diagnostic, type DiagnosticCode, Diagnostics, describeLocation, type Location, type Severity, UserError } from './diagnostics.ts';
export {
  type FlattenInput,
  type Flattening,
  type FlattenOptions,
  flatten,
  type RowOptions,
  type RunIterable,
  type WriteOptions,
} from './flatten.ts';
export { type InspectOptions, type InspectResult, inspect } from './inspect.ts';
export { isJsonObject, type JsonObject, type JsonValue, NumberText, numberText, stringifyJson } from './json.ts';
export type { ColumnTypeName, ColumnValue, Decimal, PrimitiveValue } from './plugin/column-values.ts';
export {
  type ColumnSpec,
  type ColumnSpecs,
  defineFlattener,
  type Emit,
  type EmitInto,
  type FhirResource,
  type FlattenerSpec,
  type Row,
  type TableSpec,
  type TablesFlattenerSpec,
} from './plugin/define-flattener.ts';
export { defineFormat, type FormatSpec } from './plugin/define-format.ts';
export type { FunctionBody, FunctionSpec } from './plugin/define-functions.ts';
export { definePlugin, type PluginSpec } from './plugin/define-plugin.ts';
export { defineReader, type ReaderSpec, type ReadItem } from './plugin/define-reader.ts';
export { defineSink, type SinkSpec, type SinkTarget, type TableTarget } from './plugin/define-sink.ts';
export { defineView, type ViewSpec } from './plugin/define-view.ts';
export type { FlattenerContext, ResolvedReference } from './plugin/flattener-context.ts';
export type { CellKind, RowObject, RowValue } from './plugin/row-values.ts';
export type * from './types.ts';
export { toolVersion } from './version.ts';
