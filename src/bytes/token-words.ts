// What a token of the tape is made of; see assembly/tape.ts.

export const tokenKinds = { null: 0, false: 1, true: 2, number: 3, string: 4, array: 5, object: 6 } as const;
export const tokenFlags = { hasEscape: 1, hasNonAscii: 2, mayBeOdd: 4 } as const;
export const tokenByteCount = 16;
