/** The examples and recorded workflows that the flow suite runs. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type DagSubmission, fromWorkflow } from '../../src/sdk';
import { projectRoot } from './processes';

const folder = path.join(projectRoot, 'test/fixtures/workflows');

const unpacked = (name: string): string => gunzipSync(readFileSync(path.join(folder, name))).toString('utf8');

/** sample-dag.json and each file in examples/. */
export const examples = (): DagSubmission[] => {
  const files = readdirSync(path.join(projectRoot, 'examples')).filter((name) => name.endsWith('.json'));
  return ['sample-dag.json', ...files.map((name) => `examples/${name}`)].map(
    (name) => JSON.parse(readFileSync(path.join(projectRoot, name), 'utf8')) as DagSubmission,
  );
};

/** The recorded scientific workflows, a recorded second as a millisecond. */
export const scientificWorkflows = (): DagSubmission[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => fromWorkflow(JSON.parse(unpacked(name)), { failureRate: 0 }));

// Quick retries: what is tested is that they happen, not how long they wait.
const backoff = { type: 'exponential', initialMs: 10, factor: 2, maxMs: 200, jitter: 0.5 } as const;

/** The shapes of all recorded workflows of WfInstances, their tasks without a duration. */
export const allShapes = (failureRate: number): DagSubmission[] =>
  unpacked('wfinstances-slim.ndjson.gz')
    .trim()
    .split('\n')
    .map((line) => ({ ...fromWorkflow(JSON.parse(line), { scale: 0, failureRate, maxRetries: 8 }), backoff }));
