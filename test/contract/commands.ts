/** What every store promises of commands: the same suite for each adapter. */
import type { CommandOutcome } from '../../src/core/command';
import type { PlannedDag } from '../../src/core/dag';
import type { CommandStore, NewCommand, OwnedShard } from '../../src/ports/store';
import { at, batch, dagChange, plannedDag, taskChange } from './records';
import type { OpenStore } from './store';

export interface OpenCommands extends OpenStore {
  readonly commands: CommandStore;
}

/** `open` is called once and gives an empty store; it is set up with two shards. */
export function commandsContract(open: () => Promise<OpenCommands>): void {
  let { store, commands }: OpenCommands = {} as OpenCommands;
  let owned: OwnedShard[] = [];
  let leases: OpenCommands['leases'];

  beforeAll(async () => {
    ({ store, commands, leases } = await open());
    await leases.define(2);
    owned = await leases.acquire('contract', 60_000, 2);
  });

  const admitted = async (shard = 0): Promise<PlannedDag> => {
    const dag = plannedDag({ shard });
    await store.admit([{ dag, idempotency: null }]);
    return dag;
  };
  const wanted = (dag: PlannedDag, over: Partial<NewCommand> = {}): NewCommand => ({
    dag: dag.dagId,
    command: { kind: 'pause' },
    by: null,
    reason: null,
    notBefore: null,
    key: null,
    ...over,
  });
  const outcomeOf = (id: string, dag: PlannedDag, over: Partial<CommandOutcome> = {}): CommandOutcome => ({
    id,
    dag: dag.dagId,
    outcome: 'APPLIED',
    detail: null,
    affected: 3,
    at: Date.now(),
    ...over,
  });
  /** Everything that waits, however young. */
  const pending = (shards: readonly number[], limit = 100) => {
    const now = Date.now();
    return commands.pendingCommands(shards, now + 60_000, now, limit);
  };
  const settleAll = async (): Promise<void> => {
    const waiting = await commands.pendingCommands([0, 1], Date.now() + 60_000, Date.now() + 1e9, 1000);
    await commands.refuseCommands(waiting.map(({ id, dag }) => ({ id, dag, outcome: 'REFUSED', detail: 'cleared', affected: 0, at: Date.now() })));
  };
  beforeEach(settleAll);

  test('a command comes back as it was asked, by shard, oldest first', async () => {
    const [dag, elsewhere] = [await admitted(0), await admitted(1)];
    const rich = wanted(dag, {
      command: { kind: 'retry', tasks: [1, 2], downstream: true, payload: '{"a":"\\u0000 \\" \\\\"}' },
      by: 'ann "the" admin\\ {}',
      reason: 'ü NULL, \u0000',
    });
    const answers = await commands.request([rich, wanted(elsewhere), wanted(dag, { command: { kind: 'resume' } })]);
    expect(answers.map(({ repeated }) => repeated)).toEqual([false, false, false]);
    const [first, second, third] = answers.map(({ id }) => id);
    expect(BigInt(first!) < BigInt(second!) && BigInt(second!) < BigInt(third!)).toBe(true);
    const waiting = await pending([0]);
    expect(waiting.map(({ id }) => id)).toEqual([first, third]);
    expect(waiting[0]).toEqual({ id: first, dag: dag.dagId, command: rich.command, by: rich.by, reason: 'ü NULL, ' });
    expect((await pending([0, 1], 2)).map(({ id }) => id)).toEqual([first, second]);
    expect(await commands.commandOutcome(first!)).toBeUndefined();
    expect(await commands.request([])).toEqual([]);
  });

  test('a command waits for its time, and the sweep leaves young ones to their hints', async () => {
    const dag = await admitted();
    const now = Date.now();
    const [later] = await commands.request([wanted(dag, { notBefore: now + 3_600_000 }), wanted(dag)]);
    expect(await commands.pendingCommands([0], now - 60_000, now, 10)).toEqual([]);
    expect((await pending([0])).map(({ id }) => id)).not.toContain(later!.id);
    expect((await commands.pendingCommands([0], now + 7_200_000, now + 3_600_001, 10)).map(({ id }) => id)).toContain(later!.id);
  });

  test('a key under which a command was refused can be set free; one that waits or was applied stays taken', async () => {
    const dag = await admitted();
    const keys = ['refused', 'applied', 'waits', 'b \u0000'].map((key) => wanted(dag, { key }));
    const [refused, applied] = await commands.request(keys);
    await commands.refuseCommands([outcomeOf(refused!.id, dag, { outcome: 'REFUSED', detail: 'no' }), outcomeOf(applied!.id, dag)]);
    await commands.freeRefusedKeys([...keys, wanted(dag), wanted(dag, { key: 'nobodys' })]);
    const again = await commands.request(keys);
    expect(again.map(({ repeated }) => repeated)).toEqual([false, true, true, true]);
    expect(again[0]!.id).not.toBe(refused!.id);
    expect(await commands.commandOutcome(refused!.id)).toMatchObject({ outcome: 'REFUSED' });
  });

  test('the same key on the same DAG is the same command, also within one request and at the same time', async () => {
    const [dag, other] = [await admitted(), await admitted()];
    const [one, two, elsewhere, free] = await commands.request([
      wanted(dag, { key: 'k' }),
      wanted(dag, { key: 'k', command: { kind: 'resume' } }),
      wanted(other, { key: 'k' }),
      wanted(dag),
    ]);
    expect([one!.repeated, two!.repeated, elsewhere!.repeated, free!.repeated]).toEqual([false, true, false, false]);
    expect(two!.id).toBe(one!.id);
    expect(elsewhere!.id).not.toBe(one!.id);
    const all = await Promise.all(Array.from({ length: 8 }, () => commands.request([wanted(dag, { key: 'race' }), wanted(other, { key: 'race' })])));
    expect(new Set(all.map(([mine]) => mine!.id)).size).toBe(1);
    expect(all.filter(([mine]) => !mine!.repeated)).toHaveLength(1);
    expect(all.filter(([, its]) => !its!.repeated)).toHaveLength(1);
  });

  test('an outcome is stored with its effect, once, and is no longer pending', async () => {
    const dag = await admitted();
    const [{ id } = { id: '' }] = await commands.request([wanted(dag, { command: { kind: 'cancel', tasks: null } })]);
    const since = Date.now() - 1000;
    const outcome = outcomeOf(id, dag, { detail: 'with a \u0000 in it' });
    await store.commit(batch(at(owned, 5n), { commands: [outcome], tasks: [taskChange(dag, 0, { status: 'CANCELLED' })] }));
    expect(await commands.commandOutcome(id)).toEqual({ ...outcome, detail: 'with a  in it' });
    expect((await store.liveDag(dag.dagId))?.tasks[0]?.status).toBe('CANCELLED');
    expect((await pending([0])).map((each) => each.id)).not.toContain(id);
    expect(await commands.settledCommands(0, since)).toContain(id);
    expect(await commands.settledCommands(1, since)).not.toContain(id);
    expect(await commands.settledCommands(0, outcome.at + 1)).not.toContain(id);
    await store.commit(batch(at(owned, 6n), { commands: [outcomeOf(id, dag, { outcome: 'REFUSED', detail: 'later' })] }));
    expect(await commands.commandOutcome(id)).toMatchObject({ outcome: 'APPLIED' });
  });

  test('a commit under an old epoch settles nothing', async () => {
    const dag = await admitted();
    const [{ id } = { id: '' }] = await commands.request([wanted(dag)]);
    const stale = [...owned];
    owned = [(await leases.retake('contract', 60_000, 0))!, owned[1]!];
    const changes = { commands: [outcomeOf(id, dag)], dags: [dagChange(dag, { status: 'PAUSED' })] };
    await expect(store.commit(batch(at(stale, 9n), changes))).rejects.toMatchObject({ code: 'STALE_EPOCH' });
    expect(await commands.commandOutcome(id)).toBeUndefined();
    expect((await pending([0])).map((each) => each.id)).toContain(id);
  });

  test('a command on a DAG that does not exist is refused without a commit', async () => {
    const nowhere = plannedDag();
    const [{ id } = { id: '' }] = await commands.request([wanted(nowhere)]);
    const refused = outcomeOf(id, nowhere, { outcome: 'REFUSED', detail: 'no such DAG', affected: 0 });
    await commands.refuseCommands([refused]);
    expect(await commands.commandOutcome(id)).toEqual(refused);
    for (const wrong of ['0', '999999999999', 'x', '', '1e3', '99999999999999999999999'])
      expect(await commands.commandOutcome(wrong)).toBeUndefined();
  });
}
