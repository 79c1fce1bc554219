import fc from 'fast-check';
import { MAX_SHARDS, MAX_TASKS_IN_ID, mintDagId, parseDagId, parseTaskId, parseUuid, shardOf, taskIdOf } from '../../src/core/ids';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const minted = fc.tuple(fc.nat(MAX_SHARDS - 1), fc.nat(2 ** 47), chance, chance).map(([shard, now, first, second]) => {
  const draws = [first, second];
  return { shard, now, dag: mintDagId(shard, now, () => draws.shift()!) };
});

test('a minted id is a UUID of version 8 that carries its shard and its time', () => {
  fc.assert(
    fc.property(minted, ({ shard, now, dag }) => {
      expect(dag).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{6}000000$/);
      expect(parseDagId(dag)).toBe(dag);
      expect(shardOf(dag)).toBe(shard);
      expect(parseInt(dag.slice(0, 8) + dag.slice(9, 13), 16)).toBe(now);
    }),
  );
});

test('a task id leads back to its DAG and index, and is never an id of a DAG', () => {
  fc.assert(
    fc.property(minted, fc.nat(MAX_TASKS_IN_ID), ({ dag }, task) => {
      const id = taskIdOf(dag, task);
      expect(parseUuid(id)).toBe(id);
      expect(parseTaskId(id.toUpperCase())).toEqual({ dag, task });
      expect(parseTaskId(dag)).toBeUndefined();
    }),
  );
});

test('two ids of the same shard and millisecond differ by their chance', () => {
  const draws = [0.1, 0.2, 0.1, 0.3];
  const random = () => draws.shift()!;
  expect(mintDagId(3, 1, random)).not.toBe(mintDagId(3, 1, random));
});

test('whatever is no UUID is refused', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseTaskId(text)).toBeUndefined();
    }),
  );
  for (const text of ['', 'x', '018bcfe5-6800-8000-8000-00000000000', '018bcfe5-6800-8000-8000-000000000000 ', '018bcfe568008000800000000000000']) {
    expect(parseDagId(text)).toBeUndefined();
  }
});
