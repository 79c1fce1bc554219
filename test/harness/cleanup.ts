/** What a test file opened and must be closed when the file is done, newest first. */

type Step = () => Promise<void> | void;

// One list for each test file: Jest gives each file its own module registry.
const steps: Step[] = [];

/** Registers something to undo when the test file ends, whether it passed or not. */
export function atEnd(step: Step): void {
  steps.push(step);
}

/** Undoes everything that was registered, newest first; rejects with all failures together. */
export async function cleanUp(): Promise<void> {
  const failures: unknown[] = [];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `cleaning up after the tests failed: ${failures.map(String).join('; ')}`);
}
