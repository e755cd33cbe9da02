// Views over records by both engines: from the tapes of their bytes, and from parsed resources, which is what must come out.

import { createRowStore, openByteLane } from '../../src/builtin.ts';
import { textOf } from '../../src/cell-text.ts';
import { RowFault } from '../../src/diagnostics.ts';
import type { FhirVersion } from '../../src/fhir/element-model.ts';
import type { JsonObject } from '../../src/json.ts';
import { hasNumberText, parseLossless } from '../../src/read/parse-lossless.ts';
import { readHead } from '../../src/read/taken-envelope.ts';
import { decideId } from '../../src/run/resource-id.ts';
import { createTextBuilder } from '../../src/table/cell-builder.ts';
import type { Flatten, FlattenContext, Flattener, ReferenceLookup, ResourceEnvelope, ResourceHead, TableBuilder } from '../../src/types.ts';

type Cells = readonly (string | undefined)[];
/** Rows, or what was thrown. */
export type Outcome = readonly Cells[] | string;

export interface Compared {
  readonly bytes: Outcome;
  readonly objects: Outcome;
  /** The resource was not parsed for the first. */
  readonly isTaken: boolean;
}

export interface BothEngines {
  /** One outcome a record; records of other types than the view's have none. */
  compare(flattener: Flattener, records: readonly string[]): readonly Compared[];
}

const mostDepth = 200;

export async function openBothEngines(version: FhirVersion = 'r4', references?: ReferenceLookup): Promise<BothEngines> {
  const lane = await openByteLane(version);
  if (lane === undefined) throw new Error('the module does not load');
  const store = createRowStore(lane);
  const context: FlattenContext = {
    storage: { kind: 'text' },
    references,
    countMisfit: () => {},
    countUnknown: () => {},
    countDropped: () => {},
    countNormalised: () => {},
  };
  const takeHead = (record: string): ResourceHead | undefined => {
    const bytes = Buffer.from(record);
    lane.tape.forgetBytes();
    return lane.tape.take(bytes, 0, bytes.length, mostDepth) ? readHead(lane.tape, lane.tape.root) : undefined;
  };
  return {
    compare(flattener, records) {
      store.restart();
      const [schema] = flattener.tables;
      if (schema === undefined) throw new Error('a view without a table');
      const [inStore, inStrings] = [store.createBuilder(schema, context.storage), createTextBuilder(schema)];
      const [flattenBytes, flattenObjects] = [inStore, inStrings].map((builder) => flattener.bind([builder], context)) as [Flatten, Flatten];
      const compared = records.flatMap((record) => {
        const resource = parseLossless(record) as JsonObject;
        if (resource['resourceType'] !== flattener.resourceType) return [];
        const parsed = envelopeOf(resource);
        const { id } = decideId(parsed, flattener.resourceType);
        const head = takeHead(record);
        let isTaken = head !== undefined;
        const taken: ResourceEnvelope = {
          ...parsed,
          head,
          get resource() {
            isTaken = false;
            return resource;
          },
        };
        const bytes = addRows(inStore, () => flattenBytes(taken, id));
        return { bytes, objects: addRows(inStrings, () => flattenObjects(parsed, id)), isTaken };
      });
      // Rows are read when all are there: what they point to must have stayed.
      return compared.map(({ bytes, isTaken, objects }) => ({ isTaken, bytes: readRows(inStore, bytes), objects: readRows(inStrings, objects) }));
    },
  };
}

function envelopeOf(resource: JsonObject): ResourceEnvelope {
  return {
    resource,
    hasNumberText: hasNumberText(resource),
    fullUrl: undefined,
    location: () => ({ sourceName: 'test' }),
    rawText: () => '',
    rawBytes: () => new Uint8Array(0),
  };
}

type Added = { readonly from: number; readonly to: number } | string;

function addRows(builder: TableBuilder, flatten: () => void): Added {
  const from = builder.rowCount;
  try {
    flatten();
  } catch (error) {
    if (!(error instanceof RowFault)) throw error;
    builder.truncate(from);
    return `${error.code} ${JSON.stringify(error.parameters)}`;
  }
  return { from, to: builder.rowCount };
}

function readRows(builder: TableBuilder, added: Added): Outcome {
  if (typeof added === 'string') return added;
  return Array.from({ length: added.to - added.from }, (_, row) =>
    builder.schema.columns.map((_column, column) => {
      const cell = builder.get(added.from + row, column);
      return cell === undefined ? undefined : textOf(cell);
    }),
  );
}
