import type { MigrationInterface, QueryRunner } from 'typeorm';

interface Partitioned {
  readonly table: string;
  readonly key: string;
  /** Indexes beside the key's, as they are said of a table. */
  readonly indexes: Readonly<Record<string, string>>;
}

const TABLES: readonly Partitioned[] = [
  { table: 'tasks', key: '"dag_id", "index"', indexes: { due: '("due_at") WHERE due_at IS NOT NULL' } },
  { table: 'attempts', key: '"dag_id", "index", "dispatch"', indexes: {} },
];

/** Who may read a table goes on reading it under its name. */
const grantAsOn = (from: string, to: string): string => `DO $$
DECLARE each record;
BEGIN
  FOR each IN
    SELECT a.privilege_type, a.is_grantable, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
    FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
    WHERE c.oid = '${from}'::regclass AND a.grantee <> c.relowner AND a.privilege_type <> 'MAINTAIN'
  LOOP
    EXECUTE format('GRANT %s ON "${to}" TO %s%s', each.privilege_type, each.grantee, CASE WHEN each.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
END $$`;

const renamed = ({ table, indexes }: Partitioned, from: string, to: string): string[] => [
  `ALTER TABLE "${table}${from}" RENAME TO "${table}${to}"`,
  ...['pkey', ...Object.keys(indexes)].map((index) => `ALTER INDEX "${table}${from}_${index}" RENAME TO "${table}${to}_${index}"`),
];

/** The table that is there becomes the one partition of all: what it holds isn't read for that, however much it is. */
const divided = (one: Partitioned): string[] => [
  ...renamed(one, '', '_base'),
  `CREATE TABLE "${one.table}" (LIKE "${one.table}_base" INCLUDING DEFAULTS) PARTITION BY RANGE ("dag_id")`,
  `ALTER TABLE "${one.table}" ADD CONSTRAINT "${one.table}_pkey" PRIMARY KEY (${one.key})`,
  ...Object.entries(one.indexes).map(([index, of]) => `CREATE INDEX "${one.table}_${index}" ON "${one.table}" ${of}`),
  `ALTER TABLE "${one.table}" ATTACH PARTITION "${one.table}_base" FOR VALUES FROM (MINVALUE) TO (MAXVALUE)`,
  grantAsOn(`${one.table}_base`, one.table),
];

/** What is in other partitions is copied. */
const whole = (one: Partitioned): string[] => [
  `ALTER TABLE "${one.table}" DETACH PARTITION "${one.table}_base"`,
  `INSERT INTO "${one.table}_base" SELECT * FROM "${one.table}"`,
  `DROP TABLE "${one.table}"`,
  ...renamed(one, '_base', ''),
];

/** Tables that grow with each task become partitioned ones, so that a month can be dropped. They have one partition until retention cuts it. */
export class Months1764000000071 implements MigrationInterface {
  readonly name = 'Months1764000000071';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of TABLES.flatMap(divided)) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of TABLES.flatMap(whole)) await queryRunner.query(statement);
  }
}
