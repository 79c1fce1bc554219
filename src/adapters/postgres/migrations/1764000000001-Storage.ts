import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What entities can't say: room for updates in place, and the index over the beginning of a DAG's name. */
export class Storage1764000000001 implements MigrationInterface {
  readonly name = 'Storage1764000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    // A page keeps room for the second version of its rows, so that an update touches neither another page nor an index.
    await queryRunner.query(`ALTER TABLE "tasks" SET (fillfactor = 50)`);
    await queryRunner.query(`ALTER TABLE "dags" SET (fillfactor = 70)`);
    // Two small tables that change many times a second: their pages stay nearly empty, so that all versions between two prunings fit.
    await queryRunner.query(`ALTER TABLE "shards" SET (fillfactor = 10)`);
    await queryRunner.query(`ALTER TABLE "schedulers" SET (fillfactor = 10)`);
    await queryRunner.query(`CREATE INDEX "dags_name" ON "dags" (left("name", 64) text_pattern_ops, "id")`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX "dags_name"`);
    for (const table of ['tasks', 'dags', 'shards', 'schedulers']) {
      await queryRunner.query(`ALTER TABLE "${table}" RESET (fillfactor)`);
    }
  }
}
