/** Histories in which something begins that nobody has approved: each is found, and the same history with an approval is clean. */
import { batch } from '../contract/records';
import { commanded, DAG, planOf, plannedTask } from '../core/model';
import { onlyApproved } from './approvals';
import type { Happened } from './history';

const stored: Happened = { kind: 'stored', dag: planOf([plannedTask('a', [], { options: { requiresApproval: true } }), plannedTask('b', [])]) };
const began = (task: number): Happened => ({
  kind: 'began',
  process: 'w1',
  call: 1,
  dag: DAG,
  task,
  attempt: 1,
  fence: '1',
  restored: null,
});
const approved: Happened = {
  kind: 'appended',
  log: '1',
  shard: 0,
  offset: 0n,
  timestamp: 0,
  hash: 'h',
  events: [commanded({ kind: 'approve', tasks: [0] }, { id: 'y' })],
  by: 's1',
};
const refusal = { id: 'y', dag: DAG, outcome: 'REFUSED', detail: 'no', affected: 0, at: 0 } as const;
const refused: Happened = { kind: 'committed', scheduler: 's1', batch: batch([], { commands: [refusal] }) };
const remade: Happened = { kind: 'fault', fault: 'topics are made again', target: '' };
const edited: Happened = {
  kind: 'committed',
  scheduler: 's1',
  batch: batch([], {
    edits: [
      {
        dag: DAG,
        shard: 0,
        version: 1,
        firstAdded: 2,
        edit: { version: 0, added: [plannedTask('c', [], { options: { requiresApproval: true } })], replaced: [], removed: [] },
      },
    ],
  }),
};

const found = (...all: readonly Happened[]): number => {
  let count = 0;
  const entries = all.map((what, at) => ({ at, ...what }));
  onlyApproved(entries, () => (count += 1));
  return count;
};

test.each<[string, number, readonly Happened[]]>([
  ['a start without an approval', 1, [stored, began(0)]],
  ['a start before it', 1, [stored, began(0), approved]],
  ['a start after it', 0, [stored, approved, began(0)]],
  ['a start after one that was refused', 1, [stored, approved, refused, began(0)]],
  ['the same where the log may have gone by which it was obeyed first', 0, [stored, approved, refused, remade, began(0)]],
  ['a start of what requires none', 0, [stored, began(1)]],
  ['a start of what an edit added', 1, [stored, edited, began(2)]],
])('%s', (_, violations, history) => {
  expect(found(...history)).toBe(violations);
});
