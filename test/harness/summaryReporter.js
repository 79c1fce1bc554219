const { writeFileSync } = require('node:fs');

/**
 * Leaves the run's sum in TEST_SUMMARY_FILE for scripts/test. A suite that could not run is a failure; so is a skipped test
 * of a whole run, while a run that was narrowed by name (-t) leaves others out by intent.
 */
module.exports = class SummaryReporter {
  constructor({ testNamePattern }) {
    this.isNarrowed = Boolean(testNamePattern);
  }

  onRunComplete(_contexts, results) {
    const file = process.env.TEST_SUMMARY_FILE;
    if (!file) return;
    const skipped = this.isNarrowed ? 0 : results.numPendingTests + results.numTodoTests;
    if (skipped > 0) process.stderr.write(`${skipped} skipped tests count as failed\n`);
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + skipped;
    writeFileSync(file, JSON.stringify({ passed: results.numPassedTests, failed }));
  }
};
