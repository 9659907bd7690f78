/** The log of models: what was written, by whom, and reading it in an order in which nothing can appear behind a reader. */
import { type SQL, sql } from "drizzle-orm";
import { array, type Database, type Runner, type Tx } from "../db/database.ts";
import { GLOBAL_TENANT } from "./model.ts";

/** What watchers are told. */
export type WatchedType = "registered" | "updated" | "deleted" | "alias_moved" | "alias_deleted" | "evaluated";

/** An entry to be logged. */
export interface NewEvent {
  /** Whose log it is: the tenant that wrote. */
  readonly tenant: string;
  readonly type: WatchedType | "result_table_registered" | "result_table_dropped";
  readonly modelTenant: string;
  readonly name: string;
  /** 0 where no version is concerned. */
  readonly version: number;
  readonly actor: string;
  /** Kept as JSON. */
  readonly payload: object | undefined;
}

/** Appends entries in their order; call it under the lock on the model's name. */
export async function appendEvents(tx: Tx, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.run(sql`
    INSERT INTO model_events (tenant, type, model_tenant, name, version, actor, payload)
    SELECT x.tenant, x.type, x.model_tenant, x.name, x.version, x.actor, x.payload::jsonb
    FROM unnest(${columnsOf(events)}) WITH ORDINALITY AS x(tenant, type, model_tenant, name, version, actor, payload, ord)
    ORDER BY x.ord`);
}

function columnsOf(events: readonly NewEvent[]): SQL {
  const texts = (pick: (event: NewEvent) => string | null) => array(events.map(pick), "text[]");
  return sql.join(
    [
      texts((event) => event.tenant),
      texts((event) => event.type),
      texts((event) => event.modelTenant),
      texts((event) => event.name),
      array(events.map((event) => event.version), "int[]"),
      texts((event) => event.actor),
      texts((event) => (event.payload === undefined ? null : JSON.stringify(event.payload))),
    ],
    sql`, `,
  );
}

/** Where a reader of the log stands: behind this entry. `seen` is what was committed when it began, as a snapshot. */
export interface EventCursor {
  readonly xid: string;
  readonly id: string;
  readonly seen: string;
}

/** An entry that was read. */
export interface EventRow {
  readonly xid: string;
  readonly id: string;
  readonly at: string;
  readonly type: WatchedType;
  readonly tenant: string;
  readonly modelTenant: string;
  readonly name: string;
  readonly version: number;
  readonly payload: unknown;
}

/** How far the log can be read now, and whether a cursor is older than what is kept. */
export interface Horizon {
  /** No transaction below this number is open any more. */
  readonly xid: string;
  readonly snapshot: string;
  readonly floor: string;
}

/** Reads the horizon. Take it before the entries: what it leaves out is read the next time. */
export async function findHorizon(runner: Runner): Promise<Horizon> {
  const [horizon] = await runner.run<Horizon>(sql`
    SELECT pg_snapshot_xmin(s)::text AS xid, s::text AS snapshot, (SELECT xid::text FROM model_events_floor) AS floor
    FROM pg_current_snapshot() AS s`);
  return horizon!;
}

/** What a watcher asks for. */
export interface EventQuery {
  readonly tenant: string;
  readonly namePrefix: string;
  readonly countMax: number;
}

/**
 * Entries behind `cursor` and below the horizon that a tenant may see: its own, and those of the global tenant. Reads
 * `model_events_tenant_idx` once for each of the two.
 */
export async function eventsAfter(runner: Runner, cursor: EventCursor, { horizon, query }: { horizon: string; query: EventQuery }): Promise<EventRow[]> {
  const own = eventsOf(query.tenant, cursor, { horizon, query });
  const others = query.tenant === GLOBAL_TENANT ? sql`` : sql` UNION ALL (${eventsOf(GLOBAL_TENANT, cursor, { horizon, query })})`;
  return await runner.run<EventRow>(sql`
    SELECT e.xid::text AS xid, e.id::text AS id, e.at, e.type, e.tenant, e.model_tenant AS "modelTenant", e.name, e.version, e.payload
    FROM ((${own})${others}) e ORDER BY e.xid, e.id LIMIT ${query.countMax}`);
}

function eventsOf(tenant: string, cursor: EventCursor, { horizon, query }: { horizon: string; query: EventQuery }): SQL {
  return sql`SELECT e.* FROM model_events e
    WHERE e.tenant = ${tenant} AND (e.xid, e.id) > (${cursor.xid}::xid8, ${cursor.id}::bigint) AND e.xid < ${horizon}::xid8
      AND (${cursor.seen} = '' OR NOT pg_visible_in_snapshot(e.xid, nullif(${cursor.seen}, '')::pg_snapshot))
      AND e.type NOT IN ('result_table_registered', 'result_table_dropped') AND starts_with(e.name, ${query.namePrefix})
    ORDER BY e.xid, e.id LIMIT ${query.countMax}`;
}

/** Deletes entries older than `maxAgeMs`, at most `countMax`, and notes from where the log is whole. Answers the count. */
export async function purgeEvents(db: Database, maxAgeMs: number, countMax: number): Promise<number> {
  const [purged] = await db.run<{ count: string }>(sql`
    WITH old AS (
      SELECT e.xid, e.id FROM (SELECT * FROM model_events ORDER BY xid, id LIMIT ${countMax}) e
      WHERE e.at < now() - ${maxAgeMs}::bigint * interval '1 millisecond' AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
    ), gone AS (
      DELETE FROM model_events e USING old WHERE e.xid = old.xid AND e.id = old.id RETURNING e.xid
    ), floor AS (
      UPDATE model_events_floor SET xid = greatest(xid, (SELECT max(gone.xid) FROM gone)) WHERE EXISTS (SELECT FROM gone)
    )
    SELECT count(*) AS count FROM gone`);
  return Number(purged!.count);
}
