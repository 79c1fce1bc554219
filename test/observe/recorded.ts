/** Documents that are written from the code: compared here, and written anew where RECORD=1 is set. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Expects the file `docs/<name>` to hold `text`; with RECORD=1 in the environment writes it first. */
export const expectRecorded = (name: string, text: string): void => {
  const file = path.join(__dirname, '../../docs', name);
  if (process.env['RECORD'] === '1') writeFileSync(file, text);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : `docs/${name} is missing: RECORD=1 npx jest test/observe writes it`).toBe(text);
};
