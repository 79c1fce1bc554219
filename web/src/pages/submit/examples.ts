/** DAGs to begin with. */
import sample from '../../../../sample-dag.json?raw';
import type { Format } from './document';

export interface Example {
  readonly name: string;
  readonly format: Format;
  readonly text: string;
}

const FAN_OUT = `# Many pieces side by side, gathered at the end.
dagName: Nightly report
tags: [example, nightly]
priority: 6
maxRunning: 3 # spare what they share
simulate: { durationMs: [400, 1200], failureRate: 0 }
tasks:
  - taskName: list-shops
    type: DATABASE_OPERATION
  - { taskName: shop-berlin, type: DATA_PROCESSING, dependencies: [list-shops] }
  - { taskName: shop-lyon, type: DATA_PROCESSING, dependencies: [list-shops] }
  - { taskName: shop-oslo, type: DATA_PROCESSING, dependencies: [list-shops] }
  - { taskName: shop-porto, type: DATA_PROCESSING, dependencies: [list-shops] }
  - taskName: write-report
    type: FILE_PROCESSING
    dependencies: [shop-berlin, shop-lyon, shop-oslo, shop-porto]
    timeoutSeconds: 60
  - taskName: send
    type: NOTIFICATION
    dependencies: [write-report]
    payload: { to: team@shop.example }
`;

const FAILURE = `# One branch fails for good; the clean-up runs all the same.
dagName: Failing import
tags: [example]
maxRetries: 1
backoff: { type: fixed, initialMs: 300 }
simulate: { durationMs: 300, failureRate: 0 }
tasks:
  - taskName: fetch
    type: API_CALL
  - taskName: import
    type: DATABASE_OPERATION
    dependencies: [fetch]
    simulate: { durationMs: 200, failureRate: 1 } # each attempt fails
  - taskName: publish
    type: NOTIFICATION
    dependencies: [import] # is skipped
  - taskName: clean-up
    type: FILE_PROCESSING
    dependencies: [import]
    triggerRule: all_done # whatever came of it
`;

export const EXAMPLES: readonly Example[] = [
  { name: 'A pipeline with a retry', format: 'json', text: sample },
  { name: 'Many side by side', format: 'yaml', text: FAN_OUT },
  { name: 'A failure and a clean-up', format: 'yaml', text: FAILURE },
];
