// Words of a table in the module's memory; see assembly/rows.ts.

export const rowCountWord = 1;
export const rowVectorWord = 2;
export const byteCountWord = 4;
