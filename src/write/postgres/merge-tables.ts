// The rows of a run, staged in temporary tables → the tables, brought in line: what is new is inserted, what differs
// updated, what is gone deleted, and nothing else written. All within the transaction of the run.

import type { DiagnosticCode, MessageParameters } from '../../diagnostics.ts';
import type { Deletion, TableChanges } from '../../types.ts';
import { CopyMessages } from './copy-messages.ts';
import { CopyWriter } from './copy-writer.ts';
import { containerColumn, indexStatements, primaryKeyStatement } from './ddl.ts';
import { findReferences } from './find-references.ts';
import { type LoadTable, listColumns, parentColumns } from './load-table.ts';
import {
  compareStatement,
  countStatement,
  dedupeStatement,
  deleteAmbiguousStatement,
  deleteGoneStatement,
  insertAllStatement,
  lastUpdatedExpression,
  type MergeNames,
  upsertStatement,
} from './merge-sql.ts';
import { hasOursOnly, type MergeTable, placeOf } from './merge-table.ts';
import type { Session } from './session.ts';
import { quoteName, quoteText } from './sql-names.ts';

export interface MergeOutcome {
  readonly changes: ReadonlyMap<string, TableChanges>;
  readonly findings: readonly { readonly code: DiagnosticCode; readonly parameters: MessageParameters }[];
}

const staleTable = 'pg_temp."_fhir_flatten_stale"';
const deletedTable = 'pg_temp."_fhir_flatten_deleted"';

/** Where something goes wrong with several tables at once. */
const madeTables = 'the keys of the tables';

type MutableChanges = { -readonly [Name in keyof TableChanges]: TableChanges[Name] };

/** `tables`: all that exist, with rows of this run or without. `expected`: names of those that the run's types have. */
export async function mergeTables(
  session: Session,
  tables: readonly MergeTable[],
  expected: ReadonlySet<string>,
  deletions: readonly Deletion[],
): Promise<MergeOutcome> {
  return await new Merge(session, tables, expected).run(deletions);
}

class Merge {
  readonly #session: Session;
  readonly #tables: readonly MergeTable[];
  readonly #expected: ReadonlySet<string>;
  readonly #changes = new Map<string, MutableChanges>();
  readonly #findings: { code: DiagnosticCode; parameters: MessageParameters }[] = [];
  /** Staged rows that were taken out again: by table name. */
  readonly #withdrawn = new Map<string, number>();
  /** Whose rows the database has already. */
  readonly #unchanged = new Set<MergeTable>();

  constructor(session: Session, tables: readonly MergeTable[], expected: ReadonlySet<string>) {
    this.#session = session;
    this.#tables = tables;
    this.#expected = expected;
  }

  async run(deletions: readonly Deletion[]): Promise<MergeOutcome> {
    await findReferences(this.#session, this.#tables);
    // What is deleted may come again.
    if (deletions.length === 0) await this.#findUnchanged();
    await this.#withdrawOlder();
    if (deletions.length > 0) await this.#deleteResources(deletions);
    await this.#deleteUncontained();
    await this.#finishMade(this.#tables.filter(({ kind }) => kind === 'made'));
    for (const table of this.#tables) {
      if (table.staged !== undefined && hasOursOnly(table)) this.#changesOf(table).inserted += this.#remaining(table);
    }
    const order = { main: 0, detail: 1, view: 2 };
    for (const table of this.#tables.toSorted((a, b) => order[a.table.schema.role] - order[b.table.schema.role])) await this.#merge(table);
    return { changes: this.#changes, findings: this.#findings };
  }

  /** A load of what is there already is the most frequent one: one look for all that follows. */
  async #findUnchanged(): Promise<void> {
    const candidates = this.#tables.flatMap((merged) => {
      const { staged, table, target } = merged;
      return hasOursOnly(merged) || staged === undefined || table.key.length === 0 ? [] : [{ merged, names: { staged, target } }];
    });
    const counts = await this.#session.send(candidates.map(({ merged, names }) => ({ statements: [countStatement(names)], place: placeOf(merged) })));
    const alike = candidates.filter(({ merged }, index) => counts[index]?.[0] === `${merged.rowCount}`);
    const comparisons = alike.map(({ merged, names }) => ({ statements: [compareStatement(merged.table, names)], place: placeOf(merged) }));
    const answers = await this.#session.send(comparisons);
    for (const [index, { merged }] of alike.entries()) {
      const [joined, differing] = answers[index] ?? [];
      if (joined === `${merged.rowCount}` && differing === '0') this.#unchanged.add(merged);
    }
  }

  /** An older version must not overwrite a newer one, nor bring its child rows, nor what it contains. */
  async #withdrawOlder(): Promise<void> {
    // Where all versions have rows, none is in the way of another.
    const candidates = this.#mains().filter(
      (main) => main.staged !== undefined && !hasOursOnly(main) && main.table.key.length === 1 && !this.#unchanged.has(main),
    );
    if (candidates.length === 0) return;
    await this.#session.query(`CREATE TEMP TABLE ${temporaryName(staleTable)} (type text, id text) ON COMMIT DROP`, 'the load');
    let total = 0;
    for (const main of candidates) {
      const { schema } = main.table;
      const [ours, theirs] = [lastUpdatedExpression(main.table, 's'), lastUpdatedExpression(main.table, 't')];
      if (ours === undefined || theirs === undefined) continue;
      const count = await this.#change(
        main,
        `INSERT INTO ${staleTable} SELECT ${quoteText(schema.resourceType)}, s."id" FROM ${main.staged} s JOIN ${main.target} t ON t."id" = s."id" WHERE ${ours} < ${theirs}`,
      );
      if (count > 0) this.#findings.push({ code: 'PG_OLDER_KEPT', parameters: { count, type: schema.resourceType } });
      total += count;
    }
    if (total === 0) return;
    for (const main of this.#mains()) {
      if (main.staged === undefined || containerColumn(main.table) === undefined) continue;
      await this.#change(
        main,
        `INSERT INTO ${staleTable} SELECT ${quoteText(main.table.schema.resourceType)}, s."id" FROM ${main.staged} s WHERE s."contained_in" IN (SELECT type || '/' || id FROM ${staleTable})`,
      );
    }
    for (const table of this.#tables) {
      const column = idColumn(table.table);
      if (table.staged === undefined || column === undefined) continue;
      const count = await this.#change(
        table,
        `DELETE FROM ${table.staged} WHERE ${column} IN (SELECT id FROM ${staleTable} WHERE type = ${quoteText(table.table.schema.resourceType)})`,
      );
      this.#withdrawn.set(table.table.schema.name, count);
    }
  }

  async #deleteResources(deletions: readonly Deletion[]): Promise<void> {
    await this.#session.query(`CREATE TEMP TABLE ${temporaryName(deletedTable)} (type text, id text, moment timestamptz) ON COMMIT DROP`, 'the load');
    const writer = new CopyWriter();
    writer.start(deletions.length * 64);
    for (const { id, lastModifiedMs, resourceType } of deletions) {
      writer.writeText(resourceType);
      writer.writePlain('\t');
      writer.writeText(id);
      writer.writePlain(Number.isNaN(lastModifiedMs) ? '\t\\N\n' : `\t${new Date(lastModifiedMs).toISOString()}\n`);
    }
    const rows = new CopyMessages();
    rows.append(writer.finish());
    await this.#session.send([{ statements: [`COPY ${deletedTable} FROM STDIN`], place: 'the load', rows }]);
    for (const main of this.#mains()) {
      const theirs = lastUpdatedExpression(main.table, 't');
      if (theirs === undefined || hasOursOnly(main)) continue;
      await this.#change(
        main,
        `DELETE FROM ${deletedTable} d USING ${main.target} t WHERE d.type = ${quoteText(main.table.schema.resourceType)} AND t."id" = d.id AND d.moment < ${theirs}`,
      );
    }
    await this.#deleteListed();
  }

  /** What a resource contained before, and does not any more. */
  async #deleteUncontained(): Promise<void> {
    const mains = this.#mains();
    const stagedMains = new Map(mains.filter(({ staged }) => staged !== undefined).map((main) => [main.table.schema.resourceType, main]));
    let isListed = false;
    const holders = mains.filter((main) => !hasOursOnly(main) && containerColumn(main.table) !== undefined);
    // One message for all: a server may be far away.
    const types = await this.#session.send(
      holders.map((main, index) => ({
        statements: [`SELECT DISTINCT ${index}, split_part("contained_in", '/', 1) FROM ${main.target} WHERE "contained_in" IS NOT NULL`],
        place: placeOf(main),
      })),
    );
    for (const [index, type] of types) {
      const [main, container] = [holders[Number(index)], stagedMains.get(type ?? '')];
      if (main === undefined || container === undefined) continue;
      await this.#session.query(
        `DROP TABLE IF EXISTS ${deletedTable}; CREATE TEMP TABLE ${temporaryName(deletedTable)} (type text, id text) ON COMMIT DROP`,
        placeOf(main),
      );
      isListed = true;
      const isStaged = main.staged === undefined ? '' : ` AND NOT EXISTS (SELECT 1 FROM ${main.staged} s WHERE s."id" = t."id")`;
      const count = await this.#change(
        main,
        `INSERT INTO ${deletedTable} SELECT ${quoteText(main.table.schema.resourceType)}, t."id" FROM ${main.target} t
          WHERE t."contained_in" IN (SELECT ${quoteText(`${type}/`)} || c."id" FROM ${container.staged} c)${isStaged}`,
      );
      if (count > 0) await this.#deleteRowsOf(main.table.schema.resourceType);
    }
    if (isListed) await this.#session.query(`DROP TABLE ${deletedTable}`, 'the load');
  }

  /** Deletes the listed resources, with what they contain. */
  async #deleteListed(): Promise<void> {
    for (const main of this.#mains()) {
      if (hasOursOnly(main) || containerColumn(main.table) === undefined) continue;
      await this.#change(
        main,
        `INSERT INTO ${deletedTable} SELECT ${quoteText(main.table.schema.resourceType)}, t."id" FROM ${main.target} t WHERE t."contained_in" IN (SELECT type || '/' || id FROM ${deletedTable})`,
      );
    }
    const { rows } = await this.#session.query<{ type: string }>(`SELECT DISTINCT type FROM ${deletedTable}`, 'the load');
    for (const { type } of rows) await this.#deleteRowsOf(type);
  }

  async #deleteRowsOf(resourceType: string): Promise<void> {
    for (const table of this.#tables) {
      const column = idColumn(table.table);
      if (table.table.schema.resourceType !== resourceType || column === undefined || hasOursOnly(table)) continue;
      const count = await this.#change(
        table,
        `DELETE FROM ${table.target} WHERE ${column} IN (SELECT id FROM ${deletedTable} WHERE type = ${quoteText(resourceType)})`,
      );
      if (count > 0) this.#changesOf(table).deleted += count;
    }
  }

  async #merge(table: MergeTable): Promise<void> {
    const { name, role } = table.table.schema;
    if (hasOursOnly(table)) return;
    if (table.staged === undefined && !this.#expected.has(name)) return;
    if (this.#unchanged.has(table)) {
      this.#changesOf(table).unchanged += this.#remaining(table);
      return;
    }
    switch (role) {
      case 'main':
        if (table.staged !== undefined) await this.#upsert(table, table.staged);
        return;
      case 'detail':
        return await this.#mergeDetail(table);
      case 'view':
        if (table.table.key.length === 0) return await this.#replace(table);
        if (table.staged !== undefined) await this.#upsert(table, table.staged);
        return;
      default:
        return role satisfies never;
    }
  }

  async #mergeDetail(merged: MergeTable): Promise<void> {
    const { staged, table, target } = merged;
    const main = this.#mainOf(table);
    const parents = selectParents(table, staged, main);
    if (parents === undefined) return;
    if (staged === undefined) {
      const count = await this.#change(merged, `DELETE FROM ${target} WHERE (${listColumns(parentColumns(table))}) IN (${parents})`);
      if (count > 0) this.#changesOf(merged).deleted += count;
      return;
    }
    let count = 0;
    if (!table.isKeyEnforced) count += await this.#change(merged, deleteAmbiguousStatement(table, { staged, target }, parents));
    count += await this.#change(merged, deleteGoneStatement(table, { staged, target }, parents));
    this.#changesOf(merged).deleted += count;
    await this.#upsert(merged, staged);
  }

  async #upsert(merged: MergeTable, staged: string): Promise<void> {
    const names: MergeNames = { staged, target: merged.target };
    // Child tables whose key may repeat have lost the rows in question.
    if (merged.table.isKeyEnforced || merged.table.schema.role === 'view') await this.#refuseRepeated(merged, staged);
    const answer = await this.#session.query<{ inserted: string; updated: string }>(
      upsertStatement(merged.table, names, merged.isPartitioned),
      placeOf(merged),
    );
    const changes = this.#changesOf(merged);
    const [inserted, updated] = [Number(answer.rows[0]?.inserted ?? 0), Number(answer.rows[0]?.updated ?? 0)];
    changes.inserted += inserted;
    changes.updated += updated;
    changes.unchanged += this.#remaining(merged) - inserted - updated;
  }

  async #replace(merged: MergeTable): Promise<void> {
    const changes = this.#changesOf(merged);
    changes.deleted += await this.#change(merged, `DELETE FROM ${merged.target}`);
    if (merged.staged !== undefined)
      changes.inserted += await this.#change(merged, insertAllStatement(merged.table, { staged: merged.staged, target: merged.target }));
  }

  /** Keys and indexes, which take half the time when the rows are in; of all tables at once, unless some rows of one have the same key. */
  async #finishMade(tables: readonly MergeTable[]): Promise<void> {
    const statements = tables.flatMap(({ hasIndexes, table, target }) => [
      ...(table.isKeyEnforced ? [primaryKeyStatement(table, target)] : []),
      ...(hasIndexes ? [] : indexStatements(table, target)),
    ]);
    if (statements.length > 0) {
      await this.#session.query('SAVEPOINT merge', madeTables);
      const answer = await this.#session.attempt(statements.join(';\n'), madeTables, ['23505']);
      if ('sqlstate' in answer) {
        await this.#session.query('ROLLBACK TO SAVEPOINT merge', madeTables);
        for (const table of tables) await this.#finishRepeated(table);
      }
    }
  }

  async #finishRepeated(merged: MergeTable): Promise<void> {
    const { table, target } = merged;
    if (table.isKeyEnforced) {
      await this.#session.query('SAVEPOINT merge', placeOf(merged));
      const answer = await this.#session.attempt(primaryKeyStatement(table, target), placeOf(merged), ['23505']);
      if ('sqlstate' in answer) {
        await this.#session.query('ROLLBACK TO SAVEPOINT merge', placeOf(merged));
        await this.#dedupe(merged, target);
        await this.#session.query(primaryKeyStatement(table, target), placeOf(merged));
      }
    }
    const indexes = merged.hasIndexes ? [] : indexStatements(table, target);
    if (indexes.length > 0) await this.#session.query(indexes.join(';\n'), placeOf(merged));
  }

  /** Contained resources of one container may have the same id. */
  async #refuseRepeated(merged: MergeTable, staged: string): Promise<void> {
    const key = listColumns(merged.table.key);
    const { rowCount } = await this.#session.query(`SELECT 1 FROM ${staged} GROUP BY ${key} HAVING count(*) > 1 LIMIT 1`, placeOf(merged));
    if (rowCount > 0) await this.#dedupe(merged, staged);
  }

  async #dedupe(merged: MergeTable, relation: string): Promise<void> {
    const count = await this.#change(merged, dedupeStatement(merged.table, relation));
    const { name } = merged.table.schema;
    this.#withdrawn.set(name, (this.#withdrawn.get(name) ?? 0) + count);
    this.#findings.push({ code: 'PG_KEYS_REPEATED', parameters: { table: name, count } });
  }

  #remaining({ rowCount, table }: MergeTable): number {
    return rowCount - (this.#withdrawn.get(table.schema.name) ?? 0);
  }

  #mains(): MergeTable[] {
    return this.#tables.filter(({ table }) => table.schema.role === 'main' && table.columns[0]?.name === 'id');
  }

  #mainOf({ schema: { resourceType } }: LoadTable): MergeTable | undefined {
    return this.#mains().find(({ table: { schema } }) => schema.resourceType === resourceType);
  }

  #changesOf({ table }: MergeTable): MutableChanges {
    const { name } = table.schema;
    const changes = this.#changes.get(name) ?? { inserted: 0, updated: 0, unchanged: 0, deleted: 0 };
    this.#changes.set(name, changes);
    return changes;
  }

  async #change(table: MergeTable, sql: string): Promise<number> {
    return (await this.#session.query(sql, placeOf(table))).rowCount;
  }
}

/** The resources that this run has; without its main table, those of them that have rows here. */
function selectParents(table: LoadTable, staged: string | undefined, main: MergeTable | undefined): string | undefined {
  if (main?.staged !== undefined) return `SELECT ${listColumns(main.table.key)} FROM ${main.staged}`;
  return staged === undefined ? undefined : `SELECT ${listColumns(parentColumns(table))} FROM ${staged}`;
}

/** The column with the id of the resource; undefined in tables of views. */
function idColumn(table: LoadTable): string | undefined {
  if (table.schema.role === 'main') return quoteName('id');
  return table.parent === undefined ? undefined : quoteName(table.parent.name);
}

/** A temporary table is made without its schema. */
function temporaryName(name: string): string {
  return name.replace(/^pg_temp\./, '');
}
