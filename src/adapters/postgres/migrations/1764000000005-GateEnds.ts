import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a gate ended, and how often its breaker tripped. */
export class GateEnds1764000000005 implements MigrationInterface {
  readonly name = 'GateEnds1764000000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "gates" ADD "ended_at" TIMESTAMP(3) WITH TIME ZONE`);
    await queryRunner.query(`ALTER TABLE "gates" ADD "trips" integer NOT NULL DEFAULT '0'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const column of ['trips', 'ended_at']) await queryRunner.query(`ALTER TABLE "gates" DROP COLUMN "${column}"`);
  }
}
