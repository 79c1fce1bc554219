import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For whom a DAG runs. */
export class Tenants1764000000014 implements MigrationInterface {
  readonly name = 'Tenants1764000000014';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "dags" ADD "tenant" text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "dags" DROP COLUMN "tenant"`);
  }
}
