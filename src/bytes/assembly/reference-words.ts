// References as structures of 32-bit words, by their offsets in bytes: what is known of one, which columns show it, how a
// resource stands to those that it contains.

// An entry of the cache: u32 words.
export const ENTRY_TEXT: usize = 0;
export const ENTRY_TEXT_LENGTH: usize = 4;
export const ENTRY_HASH: usize = 8;
export const ENTRY_FORM: usize = 12;
export const ENTRY_TYPE: usize = 16;
export const ENTRY_ID: usize = 20;
export const ENTRY_ID_LENGTH: usize = 24;
export const ENTRY_IS_VERSIONED: usize = 28;
export const ENTRY_IDENTIFIER: usize = 32;
export const ENTRY_IDENTIFIER_LENGTH: usize = 36;
/** 0: not looked for, 1: found, 2: there is none in this reading. */
export const ENTRY_TARGET: usize = 40;
export const ENTRY_TARGET_TYPE: usize = 44;
export const ENTRY_TARGET_ID: usize = 48;
export const ENTRY_TARGET_ID_LENGTH: usize = 52;
/** Type of the target with the id shown that is known to have a row. */
export const ENTRY_MET_TYPE: usize = 56;
/** What is known of its target holds while this is the generation of targets. */
export const ENTRY_GENERATION: usize = 60;
/** For which shape and own type the target of an identifier was looked for. */
export const ENTRY_ASKED_SHAPE: usize = 64;
export const ENTRY_ASKED_TYPE: usize = 68;
export const ENTRY_BYTES: usize = 72;

export const FORM_RELATIVE: u32 = 1;
export const FORM_ABSOLUTE: u32 = 2;
export const FORM_URN: u32 = 3;
export const FORM_CONDITIONAL: u32 = 4;
export const FORM_CONTAINED: u32 = 5;
/** Texts that FHIR has no rule for: not for this engine. */
export const FORM_UNSUPPORTED: u32 = 6;
/** Of a reference that has an identifier and no text. */
export const FORM_IDENTIFIER: u32 = 7;
export const formCount: u32 = 7;

// How a resource stands to those that it contains, or to the one that contains it: u32 words.
export const CONTAINMENT_ID_LENGTH: usize = 4;
export const CONTAINMENT_TYPE: usize = 8;
/** Where not 0, the resource is contained: the text of `contained_in`. */
export const CONTAINMENT_IN: usize = 12;
export const CONTAINMENT_IN_LENGTH: usize = 16;
/** Of each contained resource: address and length of its local id, and its type. */
export const CONTAINMENT_COUNT: usize = 20;
export const CONTAINMENT_LIST: usize = 24;
/** Places in `contained` of those that have rows of their own. */
export const CONTAINMENT_HAS_UNPACKED: usize = 28;
export const CONTAINMENT_UNPACKED_COUNT: usize = 32;
export const CONTAINMENT_UNPACKED: usize = 36;

// A shape: which columns a reference has. u32 words.
export const SHAPE_NUMBER: usize = 0;
export const SHAPE_HAS_TYPE_COLUMN: usize = 4;
export const SHAPE_ONLY_TYPE: usize = 8;
export const SHAPE_TARGET_COUNT: usize = 12;
export const SHAPE_TARGETS: usize = 16;
