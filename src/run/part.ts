// A part of the sources as the run sees it, wherever it is worked on: in this thread or in another one. What it gives
// is plain data for that reason.

import type { DiagnosticsData } from '../diagnostics.ts';
import type { TableFacts } from '../types.ts';
import type { KeyTableContent } from './key-table.ts';
import type { ReferenceCountsData } from './reference-counts.ts';
import type { ReferenceFindings } from './reference-index.ts';
import type { IndexContent, PartDecisions } from './resource-index.ts';
import type { CountsData } from './run-counts.ts';

export interface Part {
  /** Reads the part's sources and writes their rows. */
  read(): Promise<PartReading>;
  /** Forgets what was written and does it again, with what all parts know together. */
  readAgain(decisions: PartDecisions): Promise<PartReading>;
  /** Ends the work soon, without waiting for it: what is under way is then rejected. */
  stop(): void;
  /** Gives back what it holds, when nothing more is asked of it. */
  end(): void;
}

export interface PartReading {
  readonly counts: CountsData;
  readonly diagnostics: DiagnosticsData;
  readonly tables: readonly PartTable[];
  /** Types with tables that FHIR does not define. */
  readonly undefinedTypes: readonly string[];
  readonly index: IndexContent;
  /** Type and id of all resources that have rows. */
  readonly ids: KeyTableContent;
  readonly references: ReferenceFindings;
  readonly referenceCounts: ReferenceCountsData;
  /** After a second reading: contest → the key it was about. */
  readonly contestKeys: ReadonlyMap<number, string>;
  readonly hasCollision: boolean;
  /** Where the output cannot be taken back: later versions that were left out. */
  readonly notReplacedCount: number;
}

export interface PartTable {
  readonly name: string;
  readonly resourceType: string;
  readonly facts: TableFacts;
}
