import type { MigrationInterface, QueryRunner } from 'typeorm';

const COLUMNS = ['checkpoint_fence" bigint', 'checkpoint_sequence" integer'];
const METHODS = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin'];

// By the primary key, whatever a plan that was made for small tables says: see the migration before the last.
const MARK_CHECKPOINTS = `CREATE FUNCTION mark_checkpoints(m_dag uuid[], m_index integer[], m_fence bigint[], m_sequence integer[])
RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan ${METHODS.map((method) => `SET ${method} = off`).join(' ')} AS $$
BEGIN
  IF cardinality(m_dag) > 0 THEN
    UPDATE tasks t SET checkpoint_fence = u.fence, checkpoint_sequence = u.sequence
    FROM unnest(m_dag, m_index, m_fence, m_sequence) AS u (dag_id, index, fence, sequence)
    WHERE t.dag_id = u.dag_id AND t.index = u.index;
  END IF;
END $$`;

/** Which checkpoint a row holds, so that an older one which comes late is known as such after a takeover too. */
export class CheckpointMarks1764000000006 implements MigrationInterface {
  readonly name = 'CheckpointMarks1764000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const column of COLUMNS) await queryRunner.query(`ALTER TABLE "tasks" ADD "${column}`);
    await queryRunner.query(MARK_CHECKPOINTS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION mark_checkpoints`);
    for (const column of ['checkpoint_sequence', 'checkpoint_fence']) await queryRunner.query(`ALTER TABLE "tasks" DROP COLUMN "${column}"`);
  }
}
