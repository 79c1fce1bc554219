import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a DAG said for all of its tasks is kept, for those that are added to it later. */
export class TaskDefaults1764000000008 implements MigrationInterface {
  readonly name = 'TaskDefaults1764000000008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "dags" ADD "defaults" text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "dags" DROP COLUMN "defaults"`);
  }
}
