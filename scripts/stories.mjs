// Tells the stories of test/stories again and compares them; with --record it writes them anew.
import { spawnSync } from 'node:child_process';

const record = process.argv.includes('--record');
const { status } = spawnSync('npx', ['jest', '--selectProjects', 'unit', '--testPathPatterns', 'test/core/stories'], {
  stdio: 'inherit',
  env: { ...process.env, ...(record ? { RECORD_STORIES: '1' } : {}) },
});
process.exit(status ?? 1);
