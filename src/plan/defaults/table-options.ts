// What a user can choose about the default tables. Headers are a function of these, of the FHIR version and of the
// tool's version, never of the data.

/** What becomes of `Attachment.data` and `Binary.data`; `drop`: left out and counted. */
export type AttachmentMode = 'drop' | 'text' | 'files' | 'base64';

export interface DefaultTableOptions {
  /** Child tables, and those of codings and extensions; without them all that the main table does not show is in other_json. */
  readonly hasDetails: boolean;
  /** `extra`: the codings that no column shows. `all`: every one. */
  readonly codings: 'extra' | 'all';
  /** `wide`: main tables show every element that a column can show, curated or not. */
  readonly columns: 'standard' | 'wide';
  readonly attachments: AttachmentMode;
  /** Narrative has columns instead of being left out. */
  readonly hasNarrative: boolean;
  /** Every version of a resource has rows, told apart by the column `version_hash`. */
  readonly hasVersions: boolean;
}

export const defaultTableOptions: DefaultTableOptions = {
  hasDetails: true,
  codings: 'extra',
  columns: 'standard',
  attachments: 'drop',
  hasNarrative: false,
  hasVersions: false,
};
