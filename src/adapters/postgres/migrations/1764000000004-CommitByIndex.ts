import type { MigrationInterface, QueryRunner } from 'typeorm';

const FUNCTIONS = ['commit_batch', 'commit_changes', 'edit_tasks'];
const METHODS = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin'];

/**
 * A generic plan that is made while the tables are small reads them whole, and is kept while they grow, until the next
 * autovacuum: each commit then costs as much as all DAGs there are. These functions always go by the primary keys.
 */
export class CommitByIndex1764000000004 implements MigrationInterface {
  readonly name = 'CommitByIndex1764000000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const name of FUNCTIONS) for (const method of METHODS) await queryRunner.query(`ALTER FUNCTION ${name} SET ${method} = off`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of FUNCTIONS) for (const method of METHODS) await queryRunner.query(`ALTER FUNCTION ${name} RESET ${method}`);
  }
}
