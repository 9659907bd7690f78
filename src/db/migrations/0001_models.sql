-- The tables of the model registry. drizzle-kit wrote the statements from db/model-schema.ts; the prose, the one row of the
-- floor and the view were added by hand.
--
-- Every reference to a model is a foreign key without an action: a delete that the service let through by mistake, or
-- that anybody tries in plain SQL, fails here.
-- History: no key leads out of it, because it outlives what it tells of.
CREATE TABLE "alias_changes" (
	"tenant" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"from_version" integer NOT NULL,
	"to_version" integer NOT NULL,
	"alias" text COLLATE "C" NOT NULL,
	"action" text COLLATE "C" NOT NULL,
	"actor" text COLLATE "C" NOT NULL,
	CONSTRAINT "alias_changes_pkey" PRIMARY KEY("tenant","name","seq"),
	CONSTRAINT "alias_changes_action_check" CHECK ("alias_changes"."action" IN ('set', 'swap', 'rollback', 'delete'))
);
--> statement-breakpoint
CREATE TABLE "eval_runs" (
	"tenant" text COLLATE "C" NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"model_version" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"model_tenant" text COLLATE "C" NOT NULL,
	"model_name" text COLLATE "C" NOT NULL,
	"eval_type" text COLLATE "C" NOT NULL,
	"dataset" text COLLATE "C" DEFAULT '' NOT NULL,
	"metrics" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"details_json" text COLLATE "C" DEFAULT '{}' NOT NULL,
	CONSTRAINT "eval_runs_pkey" PRIMARY KEY("tenant","id"),
	CONSTRAINT "eval_runs_scope_check" CHECK ("eval_runs"."model_tenant" IN ("eval_runs"."tenant", 'global'))
);
--> statement-breakpoint
-- Not columns of `jobs`: a job without a model pays nothing, and a delete probes one index instead of one per month.
CREATE TABLE "job_base_models" (
	"tenant" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"model_version" integer NOT NULL,
	"model_tenant" text COLLATE "C" NOT NULL,
	"model_name" text COLLATE "C" NOT NULL,
	CONSTRAINT "job_base_models_pkey" PRIMARY KEY("tenant","job_id"),
	CONSTRAINT "job_base_models_scope_check" CHECK ("job_base_models"."model_tenant" IN ("job_base_models"."tenant", 'global'))
);
--> statement-breakpoint
CREATE TABLE "job_output_models" (
	"tenant" text COLLATE "C" NOT NULL,
	"job_id" uuid NOT NULL,
	"model_version" integer,
	"model_name" text COLLATE "C" NOT NULL,
	CONSTRAINT "job_output_models_pkey" PRIMARY KEY("tenant","job_id")
);
--> statement-breakpoint
CREATE TABLE "model_aliases" (
	"tenant" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"alias" text COLLATE "C" NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "model_aliases_pkey" PRIMARY KEY("tenant","name","alias")
);
--> statement-breakpoint
-- Never deleted from: a number is given once.
CREATE TABLE "model_counters" (
	"tenant" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"last_version" bigint DEFAULT 0 NOT NULL,
	"last_alias_seq" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "model_counters_pkey" PRIMARY KEY("tenant","name")
);
--> statement-breakpoint
-- The log that watchers follow below the oldest open transaction, and that auditors read.
CREATE TABLE "model_events" (
	"xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "model_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"version" integer NOT NULL,
	"tenant" text COLLATE "C" NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"model_tenant" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"actor" text COLLATE "C" NOT NULL,
	"payload" jsonb,
	CONSTRAINT "model_events_pkey" PRIMARY KEY("xid","id"),
	CONSTRAINT "model_events_type_check" CHECK ("model_events"."type" IN ('registered', 'updated', 'deleted', 'alias_moved', 'alias_deleted', 'evaluated',
        'result_table_registered', 'result_table_dropped'))
);
--> statement-breakpoint
CREATE TABLE "model_events_floor" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"xid" "xid8" DEFAULT '0'::xid8 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "model_requests" (
	"tenant" text COLLATE "C" NOT NULL,
	"request_id" text COLLATE "C" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"payload_digest" "bytea" NOT NULL,
	"answer" text COLLATE "C" NOT NULL,
	CONSTRAINT "model_requests_pkey" PRIMARY KEY("tenant","request_id")
);
--> statement-breakpoint
CREATE TABLE "model_versions" (
	"tenant" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"version" integer NOT NULL,
	"status" text COLLATE "C" DEFAULT 'registered' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"etag" uuid DEFAULT gen_random_uuid() NOT NULL,
	"source_job_id" uuid,
	"base_version" integer,
	"base_tenant" text COLLATE "C",
	"base_name" text COLLATE "C",
	"model_type" text COLLATE "C" DEFAULT '' NOT NULL,
	"backend" text COLLATE "C" DEFAULT '' NOT NULL,
	"task" text COLLATE "C" DEFAULT '' NOT NULL,
	"artifact_uri" text COLLATE "C",
	"artifact_digest" text COLLATE "C",
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"metrics" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"job_metrics" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"job_metrics_at" timestamp with time zone,
	"config_json" text COLLATE "C",
	CONSTRAINT "model_versions_pkey" PRIMARY KEY("tenant","name","version"),
	CONSTRAINT "model_versions_version_check" CHECK ("model_versions"."version" > 0),
	CONSTRAINT "model_versions_status_check" CHECK ("model_versions"."status" IN ('registered', 'loaded', 'failed', 'archived')),
	CONSTRAINT "model_versions_task_check" CHECK ("model_versions"."task" IN ('', 'text_embedding', 'image_embedding', 'audio_embedding', 'classification', 'ner', 'regression')),
	CONSTRAINT "model_versions_base_check" CHECK (num_nulls("model_versions"."base_tenant", "model_versions"."base_name", "model_versions"."base_version") IN (0, 3)
        AND ("model_versions"."base_tenant" IS NULL OR "model_versions"."base_tenant" IN ("model_versions"."tenant", 'global')))
);
--> statement-breakpoint
CREATE TABLE "models" (
	"tenant" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "models_pkey" PRIMARY KEY("tenant","name")
);
--> statement-breakpoint
CREATE TABLE "result_tables" (
	"tenant" text COLLATE "C" NOT NULL,
	"table_name" text COLLATE "C" NOT NULL,
	"model_version" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"model_tenant" text COLLATE "C" NOT NULL,
	"model_name" text COLLATE "C" NOT NULL,
	"row_count" numeric(20, 0) NOT NULL,
	"definition_hash" text COLLATE "C" DEFAULT '' NOT NULL,
	CONSTRAINT "result_tables_pkey" PRIMARY KEY("tenant","table_name"),
	CONSTRAINT "result_tables_scope_check" CHECK ("result_tables"."model_tenant" IN ("result_tables"."tenant", 'global'))
);
--> statement-breakpoint
-- The edges. Constraint names are mapped to the names that callers know in models/reference-store.ts.
ALTER TABLE "eval_runs" ADD CONSTRAINT "eval_runs_version_fkey" FOREIGN KEY ("model_tenant","model_name","model_version") REFERENCES "public"."model_versions"("tenant","name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "job_base_models" ADD CONSTRAINT "job_base_models_version_fkey" FOREIGN KEY ("model_tenant","model_name","model_version") REFERENCES "public"."model_versions"("tenant","name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "job_output_models" ADD CONSTRAINT "job_output_models_model_fkey" FOREIGN KEY ("tenant","model_name") REFERENCES "public"."models"("tenant","name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "job_output_models" ADD CONSTRAINT "job_output_models_version_fkey" FOREIGN KEY ("tenant","model_name","model_version") REFERENCES "public"."model_versions"("tenant","name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_aliases" ADD CONSTRAINT "model_aliases_version_fkey" FOREIGN KEY ("tenant","name","version") REFERENCES "public"."model_versions"("tenant","name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_versions" ADD CONSTRAINT "model_versions_model_fkey" FOREIGN KEY ("tenant","name") REFERENCES "public"."models"("tenant","name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_versions" ADD CONSTRAINT "model_versions_base_fkey" FOREIGN KEY ("base_tenant","base_name","base_version") REFERENCES "public"."model_versions"("tenant","name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "result_tables" ADD CONSTRAINT "result_tables_model_fkey" FOREIGN KEY ("model_tenant","model_name") REFERENCES "public"."models"("tenant","name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "result_tables" ADD CONSTRAINT "result_tables_version_fkey" FOREIGN KEY ("model_tenant","model_name","model_version") REFERENCES "public"."model_versions"("tenant","name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- Every foreign key has an index that begins with it: a delete checks each edge by one probe.
CREATE INDEX "alias_changes_alias_idx" ON "alias_changes" USING btree ("tenant","name","alias","seq");--> statement-breakpoint
CREATE INDEX "eval_runs_model_idx" ON "eval_runs" USING btree ("model_tenant","model_name","model_version","tenant","id");--> statement-breakpoint
CREATE INDEX "eval_runs_list_idx" ON "eval_runs" USING btree ("tenant","model_name","id");--> statement-breakpoint
CREATE INDEX "job_base_models_model_idx" ON "job_base_models" USING btree ("model_tenant","model_name","model_version","tenant","job_id");--> statement-breakpoint
CREATE INDEX "job_output_models_model_idx" ON "job_output_models" USING btree ("tenant","model_name","model_version","job_id");--> statement-breakpoint
CREATE INDEX "model_aliases_version_idx" ON "model_aliases" USING btree ("tenant","name","version","alias");--> statement-breakpoint
CREATE INDEX "model_events_tenant_idx" ON "model_events" USING btree ("tenant","xid","id");--> statement-breakpoint
CREATE INDEX "model_requests_created_idx" ON "model_requests" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "model_versions_created_idx" ON "model_versions" USING btree ("tenant","name","created_at","version");--> statement-breakpoint
CREATE INDEX "model_versions_updated_idx" ON "model_versions" USING btree ("tenant","name","updated_at","version");--> statement-breakpoint
CREATE INDEX "model_versions_base_idx" ON "model_versions" USING btree ("base_tenant","base_name","base_version","tenant","name","version") WHERE "model_versions"."base_name" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "result_tables_model_idx" ON "result_tables" USING btree ("model_tenant","model_name","model_version","tenant","table_name");--> statement-breakpoint
CREATE INDEX "result_tables_list_idx" ON "result_tables" USING btree ("tenant","model_name","table_name");
--> statement-breakpoint
INSERT INTO model_events_floor DEFAULT VALUES;
--> statement-breakpoint
-- Every version of every model in one place for plain SQL.
CREATE VIEW ml_models AS
  SELECT v.tenant, v.name, v.version, v.model_type, v.backend, v.task, v.status,
    NOT EXISTS (
      SELECT FROM model_versions newer
      WHERE newer.tenant = v.tenant AND newer.name = v.name AND newer.version > v.version
    ) AS is_latest,
    ARRAY(
      SELECT a.alias FROM model_aliases a
      WHERE a.tenant = v.tenant AND a.name = v.name AND a.version = v.version ORDER BY a.alias
    ) AS aliases,
    v.base_tenant, v.base_name, v.base_version, replace(v.source_job_id::text, '-', '') AS source_job_id,
    v.artifact_uri, v.artifact_digest, v.labels, v.metrics, v.config_json, v.created_at, v.updated_at
  FROM model_versions v;
--> statement-breakpoint
-- Who changed what, newest last by `at`.
CREATE VIEW ml_model_audit AS
  SELECT at, tenant, actor, type, model_tenant, name, version, payload FROM model_events;
