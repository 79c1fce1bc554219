import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecording } from '../harness/recording';
import { tellStory } from './tellStory';

const folder = join(__dirname, '../stories');
const stories = readdirSync(folder).filter((name) => name.endsWith('.txt'));

// `npm run stories -- --record` writes what the law does now: review the difference.
test.each(stories)('%s', (name) => {
  const file = join(folder, name);
  const told = readFileSync(file, 'utf8');
  const now = tellStory(told);
  if (isRecording()) writeFileSync(file, now);
  else expect(now).toBe(told);
});

test('there are stories', () => {
  expect(stories.length).toBeGreaterThan(3);
});
