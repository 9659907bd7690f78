-- The tables of jobs. drizzle-kit wrote the statements from db/schema.ts; partitions, storage settings, functions and
-- views were added by hand.
CREATE TABLE "control_clock" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"beat_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
-- Partitioned like jobs.
CREATE TABLE "job_attempts" (
	"tenant" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"leased_seq" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"lease_token" uuid NOT NULL,
	"worker_id" text COLLATE "C" NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone DEFAULT now() NOT NULL,
	"outcome" text COLLATE "C" NOT NULL,
	"last_progress" smallint NOT NULL,
	"error_message" text COLLATE "C",
	"checkpoint" text COLLATE "C",
	"result_digest" "bytea",
	CONSTRAINT "job_attempts_pkey" PRIMARY KEY("tenant","job_id","leased_seq"),
	CONSTRAINT "job_attempts_outcome_check" CHECK ("job_attempts"."outcome" IN ('failed', 'lease_expired', 'yielded', 'timed_out'))
) PARTITION BY RANGE ("job_id");
--> statement-breakpoint
-- Partitioned like jobs.
CREATE TABLE "job_events" (
	"tenant" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"run_after" timestamp with time zone,
	"attempt" integer NOT NULL,
	"progress" smallint NOT NULL,
	"held" boolean DEFAULT false NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"worker_id" text COLLATE "C",
	"message" text COLLATE "C",
	"progress_message" text COLLATE "C",
	"checkpoint" text COLLATE "C",
	"metrics" text COLLATE "C",
	CONSTRAINT "job_events_pkey" PRIMARY KEY("tenant","job_id","seq"),
	CONSTRAINT "job_events_type_check" CHECK ("job_events"."type" IN ('progress', 'metrics', 'checkpoint', 'held', 'released', 'retry_scheduled', 'lease_expired',
        'yielded', 'cancel_requested', 'late_result_rejected'))
) PARTITION BY RANGE ("job_id");
--> statement-breakpoint
-- Half-empty pages: each sync updates a lease in place (HOT).
CREATE TABLE "job_leases" (
	"tenant" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"lease_token" uuid DEFAULT uuidv7() NOT NULL,
	"attempt" integer NOT NULL,
	"lease_ms" integer NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"timeout_at" timestamp with time zone,
	"cancel_deadline_at" timestamp with time zone,
	"event_seq" bigint NOT NULL,
	"leased_seq" bigint NOT NULL,
	"progress_event_at" timestamp with time zone,
	"progress" smallint DEFAULT 0 NOT NULL,
	"progress_pending" boolean DEFAULT false NOT NULL,
	"declared" boolean DEFAULT false NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"worker_id" text COLLATE "C" NOT NULL,
	"concurrency_key" text COLLATE "C",
	"cancel_reason" text COLLATE "C",
	"progress_message" text COLLATE "C",
	"checkpoint" text COLLATE "C",
	"metrics_json" text COLLATE "C",
	CONSTRAINT "job_leases_pkey" PRIMARY KEY("tenant","job_id")
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
--> statement-breakpoint
-- Partitioned like jobs.
CREATE TABLE "job_metrics" (
	"tenant" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"step" bigint NOT NULL,
	"value" double precision NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "job_metrics_pkey" PRIMARY KEY("tenant","job_id","key","step")
) PARTITION BY RANGE ("job_id");
--> statement-breakpoint
CREATE TABLE "job_requests" (
	"tenant" text COLLATE "C" NOT NULL,
	"request_id" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"payload_digest" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "job_requests_pkey" PRIMARY KEY("tenant","request_id")
);
--> statement-breakpoint
-- Partitioned by month of the id, so that old months are dropped whole.
CREATE TABLE "jobs" (
	"tenant" text COLLATE "C" NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" DEFAULT '' NOT NULL,
	"target_name" text COLLATE "C" DEFAULT '' NOT NULL,
	"outcome" text COLLATE "C",
	"held" boolean DEFAULT false NOT NULL,
	"progress" smallint DEFAULT 0 NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"max_attempts" integer DEFAULT 3 NOT NULL,
	"event_seq" bigint DEFAULT 1 NOT NULL,
	"leased_seq" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_after" timestamp with time zone,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"timeout_ms" bigint,
	"lease_token" uuid,
	"result_digest" "bytea",
	"retry_of" uuid,
	"base_model_version" integer,
	"output_model_version" integer,
	"rows_written" numeric(20, 0),
	"worker_id" text COLLATE "C",
	"progress_message" text COLLATE "C",
	"error_message" text COLLATE "C",
	"cancel_reason" text COLLATE "C",
	"snapshot_id" text COLLATE "C",
	"checkpoint" text COLLATE "C",
	"concurrency_key" text COLLATE "C",
	"request_id" text COLLATE "C",
	"base_model_name" text COLLATE "C",
	"output_model_name" text COLLATE "C",
	"labels" jsonb,
	"spec_json" text COLLATE "C" DEFAULT '{}' NOT NULL,
	"metrics_json" text COLLATE "C",
	CONSTRAINT "jobs_pkey" PRIMARY KEY("tenant","id"),
	CONSTRAINT "jobs_kind_check" CHECK ("jobs"."kind" IN ('train', 'backfill', 'feature_refresh', 'drift_compute')),
	CONSTRAINT "jobs_outcome_check" CHECK ("jobs"."outcome" IN ('completed', 'failed', 'cancelled')),
	CONSTRAINT "jobs_ended_has_finished_at_check" CHECK (("jobs"."outcome" IS NULL) = ("jobs"."finished_at" IS NULL)),
	CONSTRAINT "jobs_progress_check" CHECK ("jobs"."progress" BETWEEN 0 AND 100)
) PARTITION BY RANGE ("id");
--> statement-breakpoint
-- A queue: rows come and go, so vacuum runs by count and without pauses.
CREATE TABLE "ready_jobs" (
	"tenant" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"priority" integer NOT NULL,
	"due_at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"concurrency_key" text COLLATE "C",
	CONSTRAINT "ready_jobs_pkey" PRIMARY KEY("tenant","job_id")
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
--> statement-breakpoint
CREATE TABLE "scheduled_jobs" (
	"tenant" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"run_at" timestamp with time zone NOT NULL,
	CONSTRAINT "scheduled_jobs_pkey" PRIMARY KEY("tenant","job_id")
);
--> statement-breakpoint
CREATE TABLE "server_keys" (
	"name" text COLLATE "C" PRIMARY KEY NOT NULL,
	"value" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE INDEX "job_leases_undeclared_idx" ON "job_leases" USING btree ("tenant","worker_id") WHERE NOT "job_leases"."declared";--> statement-breakpoint
CREATE UNIQUE INDEX "job_leases_concurrency_key_idx" ON "job_leases" USING btree ("tenant","concurrency_key") WHERE "job_leases"."concurrency_key" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "jobs_list_idx" ON "jobs" USING btree ("tenant","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "jobs_labels_idx" ON "jobs" USING gin ("labels" jsonb_path_ops) WHERE "jobs"."labels" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "jobs_finished_idx" ON "jobs" USING brin ("finished_at") WITH (pages_per_range=16,autosummarize=true);--> statement-breakpoint
CREATE INDEX "ready_jobs_claim_idx" ON "ready_jobs" USING btree ("tenant","kind","name","priority" DESC NULLS FIRST,"due_at","job_id");--> statement-breakpoint
CREATE INDEX "scheduled_jobs_due_idx" ON "scheduled_jobs" USING btree ("run_at");--> statement-breakpoint
-- The smallest id a job made at a time can have: a UUIDv7 begins with 48 bits of milliseconds.
CREATE FUNCTION job_id_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
--> statement-breakpoint
-- Makes the monthly partitions from this month up to the one that holds `until`. Run at each start and once a day.
CREATE FUNCTION create_job_partitions(until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  month timestamptz := date_trunc('month', now(), 'UTC');
  parent text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('millwright.create_job_partitions'));
  WHILE month <= until LOOP
    FOREACH parent IN ARRAY ARRAY['jobs', 'job_attempts', 'job_events', 'job_metrics'] LOOP
      IF to_regclass(parent || to_char(month AT TIME ZONE 'UTC', '_YYYY_MM')) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) %s',
          parent || to_char(month AT TIME ZONE 'UTC', '_YYYY_MM'), parent,
          job_id_floor(month), job_id_floor(month + interval '1 month'),
          CASE WHEN parent = 'jobs' THEN 'WITH (fillfactor = 80)' END);
      END IF;
    END LOOP;
    month := month + interval '1 month';
  END LOOP;
END $$;
--> statement-breakpoint
SELECT create_job_partitions(now() + interval '2 months');
--> statement-breakpoint
-- Ids that were not made here, for instance imported ones, may lie in no month.
CREATE TABLE jobs_default PARTITION OF jobs DEFAULT WITH (fillfactor = 80);
--> statement-breakpoint
CREATE TABLE job_attempts_default PARTITION OF job_attempts DEFAULT;
--> statement-breakpoint
CREATE TABLE job_events_default PARTITION OF job_events DEFAULT;
--> statement-breakpoint
CREATE TABLE job_metrics_default PARTITION OF job_metrics DEFAULT;
--> statement-breakpoint
INSERT INTO control_clock DEFAULT VALUES;
--> statement-breakpoint
INSERT INTO server_keys (name, value) VALUES ('page_token', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
--> statement-breakpoint
-- The whole log of a job in order of seq: what its rows tell (SUBMITTED, LEASED, the end) and what was appended.
--
-- SUBMITTED: a hold was there from the start if its release is the next event, or if nothing but an end came since.
-- `run_after` is that of the next event, unless that is a requeue, which has overwritten the first one for good.
-- LEASED: `run_after` and checkpoint are those of the event before it.
CREATE VIEW job_log AS
  SELECT j.tenant, j.id AS job_id, 1::bigint AS seq, 'submitted' AS type, j.created_at AS at,
    NULL::timestamptz AS started_at,
    CASE WHEN e.type IN ('retry_scheduled', 'lease_expired') THEN NULL WHEN e.type IS NOT NULL THEN e.run_after
      ELSE j.run_after END AS run_after,
    0 AS attempt, 0::smallint AS progress,
    coalesce(e.seq = 2 AND e.type = 'released', false) OR j.held AND j.event_seq = 1 + (j.outcome IS NOT NULL)::int
      AND NOT EXISTS (SELECT FROM job_leases l WHERE l.tenant = j.tenant AND l.job_id = j.id) AS held,
    NULL AS worker_id, NULL AS message, NULL AS progress_message, NULL AS checkpoint, NULL AS metrics
  FROM jobs j LEFT JOIN LATERAL (
    SELECT seq, type, run_after FROM job_events WHERE tenant = j.tenant AND job_id = j.id ORDER BY seq LIMIT 1) e ON true
  UNION ALL
  SELECT a.tenant, a.job_id, a.leased_seq, 'leased', a.started_at, a.started_at, e.run_after, a.attempt, 0, false,
    a.worker_id, NULL, NULL, e.checkpoint, NULL
  FROM job_attempts a LEFT JOIN LATERAL (
    SELECT run_after, checkpoint FROM job_events WHERE tenant = a.tenant AND job_id = a.job_id AND seq < a.leased_seq
    ORDER BY seq DESC LIMIT 1) e ON true
  UNION ALL
  SELECT l.tenant, l.job_id, l.leased_seq, 'leased', l.started_at, l.started_at, j.run_after, l.attempt, 0, false,
    l.worker_id, NULL, NULL, j.checkpoint, NULL
  FROM job_leases l JOIN jobs j ON j.tenant = l.tenant AND j.id = l.job_id
  UNION ALL
  SELECT j.tenant, j.id, j.leased_seq, 'leased', j.started_at, j.started_at, j.run_after, j.attempt, 0, false, j.worker_id,
    NULL, NULL, e.checkpoint, NULL
  FROM jobs j LEFT JOIN LATERAL (
    SELECT checkpoint FROM job_events WHERE tenant = j.tenant AND job_id = j.id AND seq < j.leased_seq
    ORDER BY seq DESC LIMIT 1) e ON true
  WHERE j.leased_seq IS NOT NULL AND j.outcome IS NOT NULL
  UNION ALL
  SELECT tenant, job_id, seq, type, at, started_at, run_after, attempt, progress, held, worker_id, message,
    progress_message, checkpoint, metrics
  FROM job_events
  UNION ALL
  SELECT tenant, id, event_seq, outcome, finished_at, started_at, NULL, attempt, progress, held, worker_id,
    coalesce(error_message, cancel_reason), progress_message, checkpoint, NULL
  FROM jobs WHERE outcome IS NOT NULL;
--> statement-breakpoint
-- Every job in one place for plain SQL, with its status as the service tells it.
CREATE VIEW ml_jobs AS
  SELECT j.tenant, replace(j.id::text, '-', '') AS id, j.kind, j.name, j.target_name,
    coalesce(j.outcome, CASE WHEN l.job_id IS NULL THEN 'queued' ELSE 'running' END) AS status,
    coalesce(l.progress, j.progress) AS progress, coalesce(l.progress_message, j.progress_message) AS progress_message,
    j.priority, j.held, coalesce(l.attempt, j.attempt) AS attempt, j.max_attempts,
    coalesce(l.worker_id, j.worker_id) AS worker_id, j.created_at, j.run_after,
    coalesce(l.started_at, j.started_at) AS started_at, j.finished_at, l.expires_at AS lease_expires_at,
    j.error_message, j.cancel_reason, j.rows_written, j.snapshot_id, coalesce(l.checkpoint, j.checkpoint) AS checkpoint,
    j.labels, j.spec_json, coalesce(l.metrics_json, j.metrics_json) AS metrics_json
  FROM jobs j LEFT JOIN job_leases l ON l.tenant = j.tenant AND l.job_id = j.id;
