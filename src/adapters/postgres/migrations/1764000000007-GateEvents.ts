import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was done to gates is kept, for the histories of the DAGs that they stood before. */
export class GateEvents1764000000007 implements MigrationInterface {
  readonly name = 'GateEvents1764000000007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "gate_events" (
      "id" bigint NOT NULL,
      "at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
      "kind" text NOT NULL,
      "scope" text NOT NULL,
      "name" text NOT NULL,
      "state" text NOT NULL,
      "by" text,
      "reason" text,
      "until" TIMESTAMP(3) WITH TIME ZONE,
      CONSTRAINT "gate_events_pkey" PRIMARY KEY ("id")
    )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "gate_events"`);
  }
}
