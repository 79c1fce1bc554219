import type { MigrationInterface, QueryRunner } from 'typeorm';

const ADD = `
  ALTER TABLE "dags" ADD "schedule_id" uuid, ADD "scheduled_for" TIMESTAMP(3) WITH TIME ZONE;
  CREATE INDEX "dags_schedule" ON "dags" ("schedule_id", "id") WHERE schedule_id IS NOT NULL;
  CREATE INDEX "dags_schedule_live" ON "dags" ("schedule_id")
    WHERE schedule_id IS NOT NULL AND status IN ('CREATED', 'RUNNING', 'PAUSED');
  CREATE TABLE "schedules" (
    "schedule_id" uuid NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    "cron" text NOT NULL,
    "time_zone" text NOT NULL,
    "document" text NOT NULL,
    "dag_name" text NOT NULL,
    "overlap" text NOT NULL,
    "catch_up" text NOT NULL,
    "catch_up_limit" integer NOT NULL,
    "jitter_seconds" double precision NOT NULL,
    "paused" boolean NOT NULL,
    "note" text,
    "by" text,
    "reason" text,
    "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    "next_fire_at" TIMESTAMP(3) WITH TIME ZONE,
    "next_due_at" TIMESTAMP(3) WITH TIME ZONE,
    "last_fire_at" TIMESTAMP(3) WITH TIME ZONE,
    "last_dag_id" uuid,
    "version" integer NOT NULL DEFAULT 0,
    CONSTRAINT "schedules_pkey" PRIMARY KEY ("schedule_id")
  );
  CREATE UNIQUE INDEX "schedules_name" ON "schedules" ("name");
  CREATE INDEX "schedules_due" ON "schedules" ("next_due_at", "schedule_id") WHERE next_due_at IS NOT NULL;
  CREATE TABLE "schedule_firings" (
    "schedule_id" uuid NOT NULL,
    "fire_time" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    "cause" text NOT NULL,
    "state" text NOT NULL,
    "due_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    "settled_at" TIMESTAMP(3) WITH TIME ZONE,
    "dag_id" uuid,
    "reason" text,
    "by" text,
    "request_key" text,
    CONSTRAINT "schedule_firings_pkey" PRIMARY KEY ("schedule_id", "fire_time")
  );
  CREATE INDEX "schedule_firings_due" ON "schedule_firings" ("due_at") WHERE state = 'DUE';
  CREATE UNIQUE INDEX "schedule_firings_request" ON "schedule_firings" ("schedule_id", "request_key") WHERE request_key IS NOT NULL`;

const REMOVE = `
  DROP TABLE "schedule_firings";
  DROP TABLE "schedules";
  DROP INDEX "dags_schedule_live";
  DROP INDEX "dags_schedule";
  ALTER TABLE "dags" DROP COLUMN "scheduled_for", DROP COLUMN "schedule_id"`;

/** Schedules, their firings, and which DAGs they submitted. */
export class Schedules1764000000052 implements MigrationInterface {
  readonly name = 'Schedules1764000000052';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ADD);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(REMOVE);
  }
}
