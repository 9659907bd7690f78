/** The little of the peers that is used. They are installed by the bench alone, so their own types are not there. */

declare module "pg-boss" {
  export class PgBoss {
    constructor(options: { connectionString: string; max: number });
    on(event: "error", listener: (error: Error) => void): void;
    start(): Promise<unknown>;
    createQueue(name: string, options?: { partition?: boolean }): Promise<void>;
    insert(name: string, jobs: { data: object }[]): Promise<unknown>;
    send(name: string, data: object): Promise<string | null>;
    fetch(name: string, options: { batchSize: number }): Promise<{ id: string }[]>;
    complete(name: string, ids: string[]): Promise<unknown>;
  }
}

declare module "graphile-worker" {
  export class Logger {
    constructor(factory: () => () => void);
  }
  export interface WorkerUtils {
    migrate(): Promise<void>;
    addJob(identifier: string, payload: object): Promise<unknown>;
    addJobs(jobs: { identifier: string; payload: object }[]): Promise<unknown>;
  }
  export function makeWorkerUtils(options: { connectionString: string; maxPoolSize: number; logger: Logger }): Promise<WorkerUtils>;
  export function run(options: {
    preset: { worker: object };
    taskList: Record<string, (payload: unknown) => Promise<void>>;
  }): Promise<{ stop(): Promise<void> }>;
}
