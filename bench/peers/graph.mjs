/**
 * Dependencies for schedulers that have none, or resolve them by a poll: a row for each task that others wait for or that waits, in the
 * same PostgreSQL. What a user of such a scheduler would write, and no more.
 */

/** Makes the table. `query(text, values)` answers rows. */
export const createGraph = async (query) => {
  await query('CREATE TABLE nodes (dag integer, task integer, waits integer NOT NULL, children integer[] NOT NULL, PRIMARY KEY (dag, task))');
  return {
    /** Stores the graphs of DAGs: only those of more than one task have one. */
    add: async (dags) => {
      const nodes = dags.flatMap(({ number, tasks }) =>
        tasks.length === 1 ? [] : tasks.map((task, i) => ({ dag: number, task: i, waits: task.dependencies.length, children: task.children })),
      );
      if (nodes.length === 0) return;
      // An array of arrays must be rectangular: the children travel as text.
      await query(
        `INSERT INTO nodes SELECT dag, task, waits, children::integer[]
         FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::text[]) AS each (dag, task, waits, children)`,
        [
          nodes.map(({ dag }) => dag),
          nodes.map(({ task }) => task),
          nodes.map(({ waits }) => waits),
          nodes.map(({ children }) => `{${children.join()}}`),
        ],
      );
    },
    /** Takes ended tasks ({dag, task}) out, each once however often it is told; answers those that wait for nothing any more. */
    end: async (ended) => {
      const lowered = await query(
        `WITH ended AS (
           DELETE FROM nodes USING unnest($1::integer[], $2::integer[]) AS each (dag, task)
           WHERE nodes.dag = each.dag AND nodes.task = each.task RETURNING nodes.dag, nodes.children
         ), lowered AS (
           SELECT dag, child, count(*) AS by FROM ended, unnest(children) AS child GROUP BY dag, child
         )
         UPDATE nodes SET waits = waits - lowered.by FROM lowered
         WHERE nodes.dag = lowered.dag AND nodes.task = lowered.child RETURNING nodes.dag, nodes.task, nodes.waits`,
        [ended.map(({ dag }) => dag), ended.map(({ task }) => task)],
      );
      return lowered.filter(({ waits }) => waits === 0).map(({ dag, task }) => ({ dag, task }));
    },
  };
};

/** How PostgreSQL keeps what it answers for. */
export const durabilityOf = async (query) => {
  const [{ fsync }] = await query('SHOW fsync');
  const [{ synchronous_commit }] = await query('SHOW synchronous_commit');
  return `PostgreSQL, fsync ${fsync}, synchronous_commit ${synchronous_commit}`;
};
