// The structures in the heap that say what to do with resources of a type, as plan/byte-engine writes them: words of 32
// bits, by their offsets in bytes; and the numbers that stand for what there is to be done.

// A table being filled.
export const STATE_TABLE: usize = 0;
export const STATE_ROW: usize = 4;
export const STATE_INDEX: usize = 8;
export const STATE_PARENT_INDEX: usize = 12;
export const STATE_DEPTH: usize = 16;
export const STATE_NEXT_INDEX: usize = 20;
export const STATE_IS_RECURSIVE: usize = 24;
export const STATE_NODE_COUNT: usize = 28;
export const STATE_SLOTS: usize = 32;
export const STATE_OPEN: usize = 36;
export const STATE_FIRST_ROW: usize = 40;
/** Words kept for a row around the one being filled. */
export const FRAME_BYTES: u32 = 24;

// What to do with an object.
export const HANDLER_NODE_COUNT: usize = 0;
export const HANDLER_NODES: usize = 4;
export const HANDLER_CELL_COUNT: usize = 8;
export const HANDLER_CELLS: usize = 12;
export const HANDLER_KEY_MASK: usize = 16;
export const HANDLER_KEYS: usize = 20;
export const HANDLER_NUMBER: usize = 24;

// What to do with a key of an object.
export const KEY_ID: usize = 0;
export const KEY_ROLE: usize = 4;
export const KEY_LEAF_COUNT: usize = 8;
export const KEY_LEAVES: usize = 12;
export const KEY_EXPECTS: usize = 16;
export const KEY_DROP: usize = 20;
export const KEY_CHILD: usize = 24;
export const KEY_RULE_COUNT: usize = 28;
export const KEY_RULES: usize = 32;
export const KEY_ROW_COUNT: usize = 36;
export const KEY_ROWS: usize = 40;
export const KEY_ITEM_HANDLERS: usize = 44;
export const KEY_SEARCH: usize = 48;
export const KEY_NUMBER: usize = 52;
export const KEY_IS_CODING: usize = 56;
export const RULE_BYTES: u32 = 16;

export const ROLE_CONTAINED: u32 = 1;
export const ROLE_EXTENSIONS: u32 = 2;
export const ROLE_PRIMITIVE_ELEMENT: u32 = 3;
export const ROLE_CONCEPT_CODINGS: u32 = 4;
export const ROLE_CONCEPT_TEXT: u32 = 5;
export const ROLE_CODING_STRING: u32 = 6;
export const ROLE_CODING_BOOLEAN: u32 = 7;

export const EXPECTS_LEAF: u32 = 1;
export const EXPECTS_OBJECT: u32 = 2;
export const EXPECTS_ARRAY: u32 = 3;

export const DROPS_OBJECT: u32 = 1;
export const DROPS_STRING: u32 = 2;

// A leaf or a cell: what it is, the table, the column, and words of its own.
export const OP_KIND: usize = 0;
export const OP_STATE: usize = 4;
export const OP_COLUMN: usize = 8;
export const OP_A: usize = 12;
export const OP_B: usize = 16;
export const OP_C: usize = 20;
export const OP_D: usize = 24;
export const OP_E: usize = 28;
export const OP_BYTES: u32 = 32;

/** The number of the host's check stands above what a column takes. */
export const CHECK_NUMBER_SHIFT: u32 = 8;

export const LEAF_VALUE: u32 = 1;
export const LEAF_LIST: u32 = 2;
export const LEAF_OWN_ID: u32 = 3;
export const LEAF_ALWAYS: u32 = 4;
export const LEAF_JSON: u32 = 5;
export const LEAF_IMPLIED: u32 = 6;
export const LEAF_JOINED_ITEM: u32 = 7;
export const LEAF_FIRST_OF: u32 = 8;
export const LEAF_REFERENCE: u32 = 9;
export const LEAF_REFERENCE_TYPE: u32 = 10;
export const LEAF_TYPED_LIST: u32 = 11;
export const LEAF_REFERENCE_IDENTIFIER: u32 = 12;

export const CELL_ID: u32 = 1;
export const CELL_INDEX: u32 = 2;
export const CELL_PARENT_INDEX: u32 = 3;
export const CELL_VALUE: u32 = 4;
export const CELL_LIST: u32 = 5;
export const CELL_FIRST_OF: u32 = 6;
export const CELL_REFERENCE_ID: u32 = 7;
export const CELL_REFERENCE_TYPE: u32 = 8;
export const CELL_REFERENCE_IDENTIFIER: u32 = 9;
export const CELL_COMPUTED: u32 = 10;
export const CELL_PRESENT_KEY: u32 = 11;
export const CELL_COUNT: u32 = 12;
export const CELL_FLAG: u32 = 13;
export const CELL_NONE: u32 = 14;
export const CELL_CONTAINED_IN: u32 = 15;
export const CELL_RENDERED: u32 = 16;
export const CELL_TYPED_LIST: u32 = 17;

// Where a node's object is found before it has been met.
export const PLACE_SLOT: u32 = 0;
export const PLACE_CHILD: u32 = 1;

// All tables of a resource type.
export const PLAN_ROOT: usize = 0;
export const PLAN_STATE_COUNT: usize = 4;
export const PLAN_STATES: usize = 8;
export const PLAN_OTHER_JSON: usize = 12;
export const PLAN_REPETITION_COUNT: usize = 16;
export const PLAN_REPETITIONS: usize = 20;
export const PLAN_CODINGS: usize = 24;
export const PLAN_ARE_CODINGS_COMPLETE: usize = 28;
export const PLAN_EXTENSIONS: usize = 32;
export const PLAN_TYPE_TEXT: usize = 36;
export const PLAN_TYPE_TEXT_LENGTH: usize = 40;
export const PLAN_TYPE: usize = 44;
export const REPETITION_BYTES: u32 = 16;
