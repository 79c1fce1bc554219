import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Names the file in which tests note the processes that they start, so that the teardown can prove that none survived. */
export default function globalSetup(): void {
  process.env['TEST_CHILDREN_FILE'] ??= path.join(mkdtempSync(path.join(tmpdir(), 'task-scheduler-test-')), 'children');
}
