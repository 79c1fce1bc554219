import fc from 'fast-check';
import { isHostAllowed, isLike, isWanted, type NoticeDag, type NoticeFilter } from '../../src/core/notices';
import type { DagId } from '../../src/core/ids';

const dag: NoticeDag = {
  dagId: '0190a6a8-0000-7000-8000-000000000000' as DagId,
  name: 'nightly-import',
  tags: ['billing', 'nightly'],
  status: 'FAILED',
  totalTasks: 1,
  createdAt: 0,
  lateAt: null,
  end: { completedTasks: 0, failedTasks: 1, skippedTasks: 0, cancelledTasks: 0, startedAt: null, completedAt: 1, reason: null },
};
const all: NoticeFilter = { events: ['DAG_FAILED', 'DEAD_LETTER'], dagName: null, tags: [] };

test('a pattern means what the same regular expression means', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 12 });
  fc.assert(
    fc.property(letters, letters, (text, pattern) => {
      const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\*+/g, '[^]*')}$`);
      expect(isLike(text, pattern)).toBe(expression.test(text));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern of many stars takes no time that anybody notices', () => {
  const began = performance.now();
  expect(isLike('a'.repeat(512), `${'*a'.repeat(255)}*b`)).toBe(false);
  expect(performance.now() - began).toBeLessThan(500);
});

test.each<[Partial<NoticeFilter>, boolean]>([
  [{}, true],
  [{ events: ['DAG_COMPLETED'] }, false],
  [{ dagName: 'nightly-*' }, true],
  [{ dagName: 'nightly' }, false],
  [{ tags: ['other', 'billing'] }, true],
  [{ tags: ['other'] }, false],
  [{ dagName: '*import', tags: ['nightly'] }, true],
  [{ dagName: 'x*', tags: ['nightly'] }, false],
])('the filter %j lets a failed DAG pass: %s', (filter, passes) => {
  expect(isWanted({ ...all, ...filter }, { event: 'DAG_FAILED', dag })).toBe(passes);
});

test('what is about no DAG passes filters that ask nothing of one; a test is for nobody else', () => {
  expect(isWanted(all, { event: 'DEAD_LETTER', dag: null })).toBe(true);
  expect(isWanted({ ...all, dagName: '*' }, { event: 'DEAD_LETTER', dag: null })).toBe(false);
  expect(isWanted({ ...all, tags: ['x'] }, { event: 'DEAD_LETTER', dag: null })).toBe(false);
  expect(isWanted(all, { event: 'TEST', dag })).toBe(false);
});

test('hosts are allowed with or without their port, all where nobody says which', () => {
  const host = new URL('https://hooks.example.com:8443/x');
  expect(isHostAllowed(host, [])).toBe(true);
  expect(isHostAllowed(host, ['*.Example.com'])).toBe(true);
  expect(isHostAllowed(host, ['hooks.example.com:8443'])).toBe(true);
  expect(isHostAllowed(host, ['example.com', 'hooks.example.com:443'])).toBe(false);
});
