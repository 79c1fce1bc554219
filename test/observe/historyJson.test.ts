/** What presentHistory writes is what the API's document says. */
import Ajv2020 from 'ajv/dist/2020';
import { COMMAND_KINDS, type Command } from '../../src/core/command';
import { mintDagId, taskIdOf } from '../../src/core/ids';
import { openApiDocument } from '../../src/observe/openapi';
import { commandJson, eventJson, letterDetailJson, letterJson } from '../../src/observe/presentHistory';
import type { CommandView } from '../../src/ports/history';
import type { DeadLetterView } from '../../src/ports/letters';
import { plannedTask } from '../contract/records';

const document = openApiDocument({ version: '0', bodies: {} }) as { components: { schemas: Record<string, { properties: object }> } };
const ajv = new Ajv2020({ strict: false, allowUnionTypes: true, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: 'api', ...document });

const problemsOf = (name: string, json: string): unknown => {
  const validate = ajv.getSchema(`api#/components/schemas/${name}`)!;
  const value = JSON.parse(json) as object;
  expect(Object.keys(value).sort()).toEqual(Object.keys(document.components.schemas[name]!.properties).sort());
  return validate(value) ? [] : validate.errors;
};

const dag = mintDagId(1, 1_700_000_000_000, () => 0.3);

const commands: readonly Command[] = [
  { kind: 'cancel', tasks: null },
  { kind: 'pause' },
  { kind: 'resume' },
  { kind: 'drain' },
  { kind: 'retry', tasks: [1], downstream: true, payload: '{"secret":1}' },
  { kind: 'rerun', task: null },
  { kind: 'mark', task: 2, as: 'COMPLETED', result: '1' },
  { kind: 'skip', tasks: [0] },
  { kind: 'hold', tasks: [0], resumeAt: 7 },
  { kind: 'release', tasks: [0] },
  { kind: 'approve', tasks: [0] },
  { kind: 'edit', edit: { version: 0, added: [plannedTask('new')], replaced: [{ task: 1, as: plannedTask('other') }], removed: [2] } },
];

const view = (command: Command): CommandView => ({
  id: '12',
  dag,
  command,
  by: 'ada',
  reason: null,
  requestedAt: 0,
  notBefore: null,
  outcome: null,
  detail: null,
  affected: 0,
  settledAt: null,
});

test('every kind of command, its payload kept back', () => {
  expect(commands.map(({ kind }) => kind)).toEqual([...COMMAND_KINDS]);
  for (const command of commands) expect(problemsOf('Command', commandJson(view(command)))).toEqual([]);
  const [, , , , retry, rerun, mark, , hold, , , edit] = commands.map(
    (command) => JSON.parse(commandJson(view(command))) as { taskIds: unknown; particulars: unknown },
  );
  expect(retry).toMatchObject({ taskIds: [taskIdOf(dag, 1)], particulars: { downstream: true, payloadEdited: true } });
  expect(JSON.stringify(retry)).not.toContain('secret');
  expect(rerun!.taskIds).toBeNull();
  expect(mark).toMatchObject({ taskIds: [taskIdOf(dag, 2)], particulars: { as: 'COMPLETED' } });
  expect(hold!.particulars).toEqual({ resumeAt: '1970-01-01T00:00:00.007Z' });
  expect(edit!.particulars).toEqual({ added: ['new'], replaced: ['other'], removed: 1 });
});

test('a line of the history, of the DAG or of a task', () => {
  const line = { id: '3', at: 5, kind: 'paused', by: 'ada', message: 'lunch' };
  expect(problemsOf('HistoryEvent', eventJson({ ...line, task: null }))).toEqual([]);
  const json = eventJson({ ...line, task: { ref: { dag, task: 4 }, name: 'load' } });
  expect(problemsOf('HistoryEvent', json)).toEqual([]);
  expect(JSON.parse(json)).toMatchObject({ taskId: taskIdOf(dag, 4), taskName: 'load', at: '1970-01-01T00:00:00.005Z' });
});

test('dead letters: a task that gave up, and a record that nobody can read', () => {
  const ofTask: DeadLetterView = {
    id: '9',
    state: 'REPLAYED',
    kind: 'TIMEOUT',
    failedAt: 1,
    task: { ref: { dag, task: 0 }, dispatch: 3, name: 'a', type: 'API_CALL', dagName: 'x' },
    record: null,
    error: { kind: 'TIMEOUT', message: 'late', evidence: { signal: 'SIGKILL', exitCode: null } },
    settledAt: 2,
    settledBy: 'ada',
    publishedAt: null,
  };
  const ofRecord: DeadLetterView = {
    ...ofTask,
    state: 'OPEN',
    kind: 'UNDECODABLE',
    task: null,
    record: { place: 'task-events/3', offset: '17', raw: 'AAE=' },
    error: null,
  };
  const attempts = [{ attempt: 1, dispatch: 1, worker: 'w', session: 's', startedAt: 0, endedAt: 1, error: ofTask.error! }];
  expect(problemsOf('DeadLetter', letterJson(ofTask))).toEqual([]);
  expect(problemsOf('DeadLetter', letterJson(ofRecord))).toEqual([]);
  expect(problemsOf('DeadLetterDetail', letterDetailJson({ ...ofTask, now: null, attempts }))).toEqual([]);
  expect(JSON.parse(letterDetailJson({ ...ofTask, now: null, attempts }))).toMatchObject({
    task: null,
    attempts: [{ workerId: 'w', error: { kind: 'TIMEOUT' } }],
  });
});
