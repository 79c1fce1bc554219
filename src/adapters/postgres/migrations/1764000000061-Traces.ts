import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The trace that a DAG stands in. */
export class Traces1764000000061 implements MigrationInterface {
  readonly name = 'Traces1764000000061';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "dags" ADD "trace" text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "dags" DROP COLUMN "trace"`);
  }
}
