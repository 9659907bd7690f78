/** Reads the graph around a version, breadth first, and says when it was more than was asked for. */
import type { Database } from "../db/database.ts";
import { type ModelKey, type ModelRef, versionSelector } from "./model.ts";
import { findVisible } from "./model-store.ts";
import { type Frontier, type LineageEntity, type Relation, stepDownstream, type StepRow, stepUpstream } from "./lineage-store.ts";
import { modelNotFound } from "./write-service.ts";

/** Whose lineage, and how much of it. */
export interface LineageQuery extends ModelRef {
  readonly direction: "upstream" | "downstream" | "both";
  readonly depthMax: number;
  readonly nodeCountMax: number;
}

/** One thing in a lineage. */
export interface LineageNode {
  readonly id: string;
  readonly entity: LineageEntity;
  readonly depth: number;
  readonly at: string;
}

/** An edge between two nodes of the answer. */
export interface LineageEdge {
  readonly sourceId: string;
  readonly targetId: string;
  readonly relation: Relation;
}

/** A lineage; `isTruncated` when something lies beyond it. */
export interface Lineage {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  readonly isTruncated: boolean;
}

/** The lineage of a visible version. Upstream and downstream are followed apart, so that siblings stay out. */
export async function readLineage(db: Database, tenant: string, query: LineageQuery): Promise<Lineage> {
  const { name, version } = query;
  const root = await findVisible(db, { tenant, name, selector: versionSelector(version) }, false);
  if (root === undefined) throw modelNotFound(name, version);
  const graph = new Graph(query);
  graph.add({ kind: "version", tenant: root.tenant, name, version: root.version }, 0, root.createdAt);
  const directions = query.direction === "both" ? (["upstream", "downstream"] as const) : [query.direction];
  await Promise.all(directions.map((direction) => follow(db, tenant, { graph, direction, root })));
  return graph.answer();
}

interface Walk {
  readonly graph: Graph;
  readonly direction: "upstream" | "downstream";
  readonly root: ModelKey;
}

async function follow(db: Database, tenant: string, { graph, direction, root }: Walk): Promise<void> {
  const step = direction === "upstream" ? stepUpstream : stepDownstream;
  // Each way has its own frontier: a thing that the other way has reached is still followed this way.
  const followed = new Set<string>();
  let frontier: LineageEntity[] = [{ kind: "version", tenant: root.tenant, name: root.name, version: root.version }];
  for (let depth = 1; frontier.length > 0 && !graph.isFull; depth++) {
    for (const entity of frontier) followed.add(keyOf(entity));
    const rows = await step(db, tenant, { frontier: split(frontier), countMax: graph.stepCountMax });
    graph.noteCut(rows);
    const next = new Map<string, LineageEntity>();
    for (const row of rows.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
      const far = graph.take(row, direction, depth);
      if (far !== undefined && canLead(far) && !followed.has(keyOf(far))) next.set(keyOf(far), far);
    }
    frontier = [...next.values()];
  }
}

function canLead(entity: LineageEntity): boolean {
  return entity.kind === "version" || entity.kind === "job";
}

function split(entities: readonly LineageEntity[]): Frontier {
  return {
    versions: entities.filter((entity) => entity.kind === "version"),
    jobIds: entities.filter((entity) => entity.kind === "job").map((entity) => entity.id),
  };
}

function keyOf(entity: LineageEntity): string {
  return JSON.stringify(entity.kind === "version" ? [entity.tenant, entity.name, entity.version] : [entity.kind, entity.id]);
}

function nearOf(row: StepRow): LineageEntity {
  return row.fromId === null
    ? { kind: "version", tenant: row.fromTenant!, name: row.fromName!, version: row.fromVersion! }
    : { kind: "job", id: row.fromId };
}

function farOf(row: StepRow): LineageEntity {
  return row.kind === "version"
    ? { kind: "version", tenant: row.tenant!, name: row.name!, version: row.version! }
    : { kind: row.kind, id: row.id! };
}

/** What has been found so far, within the limits of the query. */
class Graph {
  /** Rows of one sort that a step reads: enough to fill the answer and to notice that it does not hold all. */
  readonly stepCountMax: number;
  #query: LineageQuery;
  #nodes = new Map<string, LineageNode>();
  #edges = new Map<string, LineageEdge>();
  #isTruncated = false;

  constructor(query: LineageQuery) {
    this.#query = query;
    this.stepCountMax = query.nodeCountMax + 1;
  }

  /** Nothing more fits, and it is known that there is more. */
  get isFull(): boolean {
    return this.#isTruncated && this.#nodes.size >= this.#query.nodeCountMax;
  }

  add(entity: LineageEntity, depth: number, at: string): LineageNode {
    const node = { id: String(this.#nodes.size), entity, depth, at };
    this.#nodes.set(keyOf(entity), node);
    return node;
  }

  noteCut(rows: readonly StepRow[]): void {
    const counts = Map.groupBy(rows, (row) => row.relation);
    for (const [, found] of counts) if (found.length >= this.stepCountMax) this.#isTruncated = true;
  }

  /** Takes an edge in, with its far end where that fits; answers with the far end if it is part of the graph. */
  take(row: StepRow, direction: Walk["direction"], depth: number): LineageEntity | undefined {
    const near = this.#nodes.get(keyOf(nearOf(row)))!;
    const entity = farOf(row);
    let far = this.#nodes.get(keyOf(entity));
    if (far === undefined) {
      if (depth > this.#query.depthMax || this.#nodes.size >= this.#query.nodeCountMax) {
        this.#isTruncated = true;
        return undefined;
      }
      far = this.add(entity, depth, row.at);
    }
    const [source, target] = direction === "upstream" ? [far, near] : [near, far];
    this.#edges.set(`${source.id} ${target.id} ${row.relation}`, { sourceId: source.id, targetId: target.id, relation: row.relation });
    return depth > this.#query.depthMax ? undefined : entity;
  }

  answer(): Lineage {
    const nodes = [...this.#nodes.values()].sort((a, b) => a.depth - b.depth);
    return { nodes, edges: [...this.#edges.values()], isTruncated: this.#isTruncated };
  }
}
