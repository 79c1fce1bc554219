import fc from 'fast-check';
import { condense, MOST_OPENED } from '../../web/src/dag/condense';
import { criticalPath } from '../../web/src/dag/criticalPath';
import { ancestorsOf, descendantsOf, graphOf, type Named } from '../../web/src/dag/graph';
import { feasible, GROUPINGS, groupsOf, labelOf, MOST_BOXES } from '../../web/src/dag/grouping';
import { layoutOf } from '../../web/src/dag/layout';
import { shortNames } from '../../web/src/dag/shortNames';
import { tileAt, tileCorner, tileGrid } from '../../web/src/dag/tiles';
import { at, names, ran, task } from './dagTasks';

const fanOut = (width: number): Named[] => [
  task('split'),
  ...names('part', width).map((name) => task(name, { dependencies: ['split'] })),
  task('merge', { dependencies: names('part', width) }),
];

/** `width` chains side by side, as recorded workflows have them. */
const pipelines = (width: number, steps: readonly string[]): Named[] => [
  task('begin'),
  ...names('x', width).flatMap((_, i) =>
    steps.map((step, n) => task(`${step}_${i}`, { dependencies: [n === 0 ? 'begin' : `${steps[n - 1]!}_${i}`] })),
  ),
];

/** Any DAG: each task waits for some of those before it. */
const anyDag = fc
  .array(fc.record({ kind: fc.constantFrom('a', 'b'), waitsFor: fc.array(fc.nat(1000), { maxLength: 3 }) }), { minLength: 1, maxLength: 250 })
  .map((tasks) =>
    tasks.map(({ kind, waitsFor }, i) => {
      const dependencies = i === 0 ? [] : [...new Set(waitsFor.map((n) => n % i))].map((n) => `${tasks[n]!.kind}-${n}`);
      return task(`${kind}-${i}`, { dependencies });
    }),
  );

describe('the graph', () => {
  it('knows levels, neighbours and what lies before and behind', () => {
    const graph = graphOf([
      task('c', { dependencies: ['a', 'b'] }),
      task('a'),
      task('b', { dependencies: ['a'] }),
      task('lost', { dependencies: ['nobody'] }),
    ]);
    expect([...graph.level]).toEqual([2, 0, 1, 0]);
    expect(graph.parents[0]).toEqual([1, 2]);
    expect(graph.children[1]).toEqual([0, 2]);
    expect([...ancestorsOf(graph, 0)].sort()).toEqual([1, 2]);
    expect([...descendantsOf(graph, 1)].sort()).toEqual([0, 2]);
  });

  it('knows them where hundreds of thousands lie behind one', () => {
    const behind = (taskName: string, ...dependencies: string[]): Named => ({ taskName, type: 'A', dependencies });
    const graph = graphOf([behind('begin'), behind('split', 'begin'), ...names('part', 200_000).map((name) => behind(name, 'split'))]);
    expect(descendantsOf(graph, 0).size).toBe(200_001);
  });
});

describe('grouping', () => {
  it('leaves small graphs alone', () => {
    expect(groupsOf(graphOf(fanOut(5)), 'auto')).toEqual([]);
  });

  it('makes one stack of a fan-out of equals', () => {
    const groups = groupsOf(graphOf(fanOut(998)), 'auto');
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ label: 'part' });
    expect(groups[0]!.members).toHaveLength(998);
  });

  it('folds pipelines side by side step by step', () => {
    const groups = groupsOf(graphOf(pipelines(100, ['filter', 'map', 'sort'])), 'auto');
    expect(groups.map(({ label, members }) => [label, members.length])).toEqual([
      ['filter', 100],
      ['map', 100],
      ['sort', 100],
    ]);
  });

  it('fits chains that are too deep for anything finer', () => {
    const chain = names('step', 10_000).map((name, i) => task(name, { dependencies: i === 0 ? [] : [`step-${i}`] }));
    const graph = graphOf(chain);
    const { boxes, edges } = condense(graph, groupsOf(graph, 'auto'), new Set());
    expect(boxes.length).toBeLessThanOrEqual(MOST_BOXES);
    expect(edges).toHaveLength(boxes.length - 1);
  });

  it('offers only what the layout can do', () => {
    expect(feasible(graphOf(fanOut(998)))).toEqual(['auto', 'stacks', 'kinds', 'levels']);
    expect(feasible(graphOf(fanOut(5)))).toEqual([...GROUPINGS]);
  });

  it('names groups by what their members have in common', () => {
    expect(labelOf(['mProject_ID0000001', 'mProject_ID0000002'], [])).toBe('mProject');
    expect(labelOf(['a1', 'b2'], ['API_CALL', 'API_CALL'])).toBe('API_CALL');
    expect(labelOf(['a1', 'b2'], ['API_CALL', 'NOTIFICATION'])).toBe('2 types');
  });

  it('shows each task once, keeps the edges, and never makes a cycle', () => {
    fc.assert(
      fc.property(anyDag, fc.constantFrom(...GROUPINGS), (tasks, grouping) => {
        const graph = graphOf(tasks);
        const groups = groupsOf(graph, grouping);
        const { boxes, edges, boxOf } = condense(graph, groups, new Set(groups.slice(0, 1).map(({ id }) => id)));
        expect(boxes.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual(tasks.map((_, i) => i));
        const between = graph.parents.flatMap((parents, i) => parents.filter((parent) => boxOf[parent] !== boxOf[i]));
        expect(edges.reduce((sum, { count }) => sum + count, 0)).toBe(between.length);
        const asTasks = boxes.map(({ id }) => ({ taskName: id, type: '', dependencies: edges.flatMap(({ from, to }) => (to === id ? [from] : [])) }));
        expect(graphOf(asTasks).order).toHaveLength(boxes.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the boxes', () => {
  it('show an open group as its tasks while they are few, and as tiles beyond', () => {
    const kinds = (width: number): string[] => {
      const graph = graphOf(fanOut(width));
      const groups = groupsOf(graph, 'stacks');
      return condense(graph, groups, new Set(groups.map(({ id }) => id))).boxes.map(({ kind }) => kind);
    };
    expect(new Set(kinds(MOST_OPENED))).toEqual(new Set(['task']));
    expect(kinds(MOST_OPENED + 1)).toEqual(['task', 'tiles', 'task']);
  });

  it('are laid out without overlaps, from left to right', async () => {
    const graph = graphOf(pipelines(6, ['filter', 'map']));
    const condensed = condense(graph, [], new Set());
    const { boxes, edges } = layoutOf(await import('@dagrejs/dagre'), { ...condensed, direction: 'LR' });
    const meet = boxes.flatMap((a, i) =>
      boxes.slice(i + 1).filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height),
    );
    expect(meet).toEqual([]);
    const leftOf = new Map(boxes.map(({ id, x }) => [id, x]));
    for (const { from, to, points } of edges) {
      expect(leftOf.get(from)!).toBeLessThan(leftOf.get(to)!);
      expect(points.length).toBeGreaterThan(1);
    }
  });

  it('find the tile under a point', () => {
    const grid = tileGrid(998);
    for (const place of [0, 17, 997]) {
      const { x, y } = tileCorner(grid, place);
      expect(tileAt(grid, 998, { x: x + 1, y: y + 1 })).toBe(place);
    }
    expect(tileAt(grid, 998, { x: 0, y: 0 })).toBeUndefined();
  });
});

describe('the critical path', () => {
  const names_ = (tasks: Parameters<typeof criticalPath>[1] & readonly { taskName: string }[], path: readonly number[]): string[] =>
    path.map((i) => tasks[i]!.taskName);

  it('of a DAG that is over goes back through what ended last', () => {
    const tasks = [
      ran('a', [0, 10]),
      ran('quick', [10, 20], { dependencies: ['a'] }),
      ran('slow', [10, 90], { dependencies: ['a'] }),
      ran('end', [90, 95], { dependencies: ['quick', 'slow'] }),
    ];
    expect(names_(tasks, criticalPath(graphOf(tasks), tasks))).toEqual(['a', 'slow', 'end']);
  });

  it('of a DAG under way is the longest of what is done and what is expected', () => {
    const tasks = [
      ran('a', [0, 10], { type: 'API_CALL' }),
      ran('b', [10, 500], { dependencies: ['a'] }),
      task('c', { dependencies: ['a'], type: 'API_CALL', status: 'RUNNING', startedAt: at(10) }),
      task('d', { dependencies: ['b'], type: 'API_CALL' }),
    ];
    expect(names_(tasks, criticalPath(graphOf(tasks), tasks))).toEqual(['a', 'b', 'd']);
  });

  it('leaves out what never ran', () => {
    const tasks = [ran('a', [0, 10], { status: 'FAILED' }), task('b', { dependencies: ['a'], status: 'SKIPPED', completedAt: at(12) })];
    expect(names_(tasks, criticalPath(graphOf(tasks), tasks))).toEqual(['a']);
  });
});

describe('names in boxes', () => {
  it('leave out what all begin with, and the middle of what is still too long', () => {
    expect(shortNames(['NFCORE.SAREK.PREPARE', 'NFCORE.SAREK.ALIGN', 'NFCORE.SAREK.MERGE_THE_WHOLE_GENOME_21'])).toEqual([
      'PREPARE',
      'ALIGN',
      'MERGE_TH…_GENOME_21',
    ]);
    expect(shortNames(['TOOLS:ALIGN', 'TOOLS:GENOME.PREPARE.TABIX_KNOWN_INDELS', 'TOOLS:SORT'])).toEqual(['ALIGN', '…TABIX_KNOWN_INDELS', 'SORT']);
    expect(shortNames(['load-a', 'load-b', 'load-c'])).toEqual(['load-a', 'load-b', 'load-c']);
  });
});
