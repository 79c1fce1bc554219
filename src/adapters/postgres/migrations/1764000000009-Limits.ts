import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Limits of the whole cluster, and of a DAG. */
export class Limits1764000000009 implements MigrationInterface {
  readonly name = 'Limits1764000000009';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "limits" (
      "scope" text NOT NULL,
      "name" text NOT NULL,
      "max_running" integer,
      "per_second" double precision,
      "burst" integer,
      "reason" text,
      "by" text,
      "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
      CONSTRAINT "limits_pkey" PRIMARY KEY ("scope", "name")
    )`);
    await queryRunner.query(`ALTER TABLE "dags" ADD "max_running" integer`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "dags" DROP COLUMN "max_running"`);
    await queryRunner.query(`DROP TABLE "limits"`);
  }
}
