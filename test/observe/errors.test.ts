import { failure } from '../../src/core/failure';
import { FAILURES, REFUSALS, errorRow, refusal, type RefusalCode } from '../../src/core/refusal';
import { problemOf } from '../../src/edge/problem';
import { errorRows } from '../../src/observe/docsPages';
import { expectRecorded } from './recorded';

const page = (): string => {
  const rows = errorRows().map(({ code, status, title, remedy }) => `| \`${code}\` | ${status} | ${title} | ${remedy} |`);
  return [
    '# Errors',
    '',
    'Every error is a problem detail (RFC 9457, `application/problem+json`) with `type`, `title`, `status`, `detail`, `code`, `requestId` and, where fields are wrong, `errors`: a list of `{path, message}`.',
    'The same table is served at `/docs/errors`. It is written from `src/core/refusal.ts`: `RECORD=1 npx jest test/observe`.',
    '',
    '| Code | Status | What it is | What to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
};

test('docs/errors.md is what the code says', () => {
  expectRecorded('errors.md', page());
});

test('every code is mapped to its status and its title', () => {
  for (const code of Object.keys(REFUSALS) as RefusalCode[]) {
    expect(problemOf(refusal(code, 'why'), 'r1')).toEqual({
      type: `/docs/errors#${code}`,
      title: REFUSALS[code].title,
      status: REFUSALS[code].status,
      detail: 'why',
      code,
      requestId: 'r1',
    });
  }
  for (const code of Object.keys(FAILURES) as (keyof typeof FAILURES)[])
    expect(problemOf(failure(code, 'why'), undefined)).toMatchObject({ code, status: FAILURES[code].status, detail: 'why' });
});

test('of an unexpected error nothing is told', () => {
  const problem = problemOf(new Error('password=secret'), 'r1');
  expect(problem).toMatchObject({ status: 500, code: 'UNEXPECTED' });
  expect(JSON.stringify(problem)).not.toContain('secret');
  expect(errorRow(new Error('x'))).toBeUndefined();
});
