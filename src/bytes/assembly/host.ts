// What the module asks of the host. Numbers are those that the host gave when it wrote the plan.

/** What to do with a key that an object of a handler has: address of its key handler, 0 when the engine cannot do it. */
// @ts-ignore
@external("host", "compileKey")
export declare function compileKey(handler: u32, key: u32): usize;

/** The handler of items chosen by a set of rules; 1 when nothing is about them, 0 when the engine cannot do it. */
// @ts-ignore
@external("host", "compileItem")
export declare function compileItem(keyHandler: u32, chosenBy: u32): usize;

/** The token of the item of a list that a rule chooses, or 0. */
// @ts-ignore
@external("host", "chooseItem")
export declare function chooseItem(rule: u32, list: usize): usize;

/** Computes a cell from a token; 1 when the text has been set. */
// @ts-ignore
@external("host", "computeCell")
export declare function computeCell(cell: u32, token: usize): u32;

/** Writes what a reference's text says into its entry. */
// @ts-ignore
@external("host", "parseReference")
export declare function parseReference(entry: usize): void;

/** Looks for the target of a reference; 1 when it has been written into the entry. */
// @ts-ignore
@external("host", "findTarget")
export declare function findTarget(entry: usize, shape: u32, ownType: u32): u32;

/** The number of a type that has none yet; 0 when there are too many. */
// @ts-ignore
@external("host", "numberType")
export declare function numberType(start: usize, byteCount: u32): u32;

/** Takes down a reference that is not known to lead to a row; 1 when it does. Without a form: one that a column repeats. */
// @ts-ignore
@external("host", "noteReference")
export declare function noteReference(site: u32, form: u32, type: u32, id: usize, idLength: u32, count: u32): u32;

/** Adds rows for the extensions of an array; returns how many bytes of JSON they left, written at `rest`; -1 if too many. */
// @ts-ignore
@external("host", "addExtensions")
export declare function addExtensions(list: usize, isModifier: u32, rest: usize, restEnd: usize): i32;

/** 1 when a value fits a typed column; the number is of the host's check. */
// @ts-ignore
@external("host", "fitsColumn")
export declare function fitsColumn(check: u32, token: usize): u32;

/** 1 when the cell of a typed column tells all of the value; differences are counted. */
// @ts-ignore
@external("host", "showsValue")
export declare function showsValue(check: u32, token: usize): u32;

/** A moment whose cell has other digits of seconds: cut ones, or only fewer zeros. */
// @ts-ignore
@external("host", "countTimeDifference")
export declare function countTimeDifference(check: u32, isCut: u32): void;

/** Sets the text to that of a list's items; 0 when there are none. */
// @ts-ignore
@external("host", "writeList")
export declare function writeList(check: u32, token: usize): u32;

/** 1 when each item is shown in such a list, 2 when each fits at least. */
// @ts-ignore
@external("host", "judgeList")
export declare function judgeList(check: u32, token: usize): u32;

/** Leaves out what a rule is about. */
// @ts-ignore
@external("host", "countDropped")
export declare function countDropped(keyHandler: u32, leafCount: u32, unitCount: u32): void;

/** Carries out an operation of an expression on one value or two (0: none); a token, 0, or 0xffffffff to refuse the resource. */
// @ts-ignore
@external("host", "evaluateOperation")
export declare function evaluateOperation(operation: u32, first: usize, second: usize): usize;
