/** Which times fire after nobody could fire them for a while. */
import { readCron } from '../../src/core/cron';
import { delayMsOf, timesCome, type Calendar, type CatchingUp, type Come } from '../../src/core/schedule';
import { findZone } from '../../src/core/timeZones';

const calendarOf = (text: string): Calendar => {
  const read = readCron(text);
  if (read.kind === 'wrong') throw new Error(read.message);
  return { cron: read.cron, zone: findZone('UTC')! };
};

const at = (time: string): number => Date.parse(`2026-03-02T${time}Z`);
const shown = ({ fire, missed, next }: Come): string => {
  const text = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
  return `${fire.map(text).join(' ')} | ${missed === null ? '' : `${text(missed.first)}-${text(missed.last)}`} | ${next === null ? '' : text(next)}`;
};
const come = (text: string, catchUp: CatchingUp['catchUp'], from: string, now: string, catchUpLimit = 100): string =>
  shown(timesCome(calendarOf(text), { catchUp, catchUpLimit }, at(from), at(now)));

test('what comes in time fires, whatever the policy', () => {
  for (const policy of ['none', 'latest', 'all'] as const) expect(come('0 * * * *', policy, '06:00', '06:00:01')).toBe('06:00 |  | 07:00');
});

test('what was missed fires not at all, once, or as often as the bound lets it', () => {
  expect(come('0 * * * *', 'none', '06:00', '09:30')).toBe(' | 06:00-09:00 | 10:00');
  expect(come('0 * * * *', 'none', '06:00', '09:00:20')).toBe('09:00 | 06:00-08:00 | 10:00');
  expect(come('0 * * * *', 'latest', '06:00', '09:30')).toBe('09:00 | 06:00-08:00 | 10:00');
  expect(come('0 * * * *', 'all', '06:00', '09:30')).toBe('06:00 07:00 08:00 09:00 |  | 10:00');
  expect(come('0 * * * *', 'all', '06:00', '09:30', 2)).toBe('08:00 09:00 | 06:00-07:00 | 10:00');
});

test('years that were missed cost no more than what fires', () => {
  const began = performance.now();
  const { fire, missed } = timesCome(calendarOf('* * * * *'), { catchUp: 'all', catchUpLimit: 3 }, Date.parse('2016-03-02T06:00Z'), at('06:00:30'));
  expect(fire.map((ms) => new Date(ms).toISOString().slice(0, 16))).toEqual(['2026-03-02T05:58', '2026-03-02T05:59', '2026-03-02T06:00']);
  expect(missed).toEqual({ first: Date.parse('2016-03-02T06:00Z'), last: at('05:57') });
  expect(performance.now() - began).toBeLessThan(500);
});

test('a jitter delays each schedule by its own time, always the same', () => {
  const delays = ['a', 'b', 'c', 'd'].map((id) => delayMsOf(id, 60));
  expect(new Set(delays).size).toBe(4);
  for (const ms of delays) expect(ms >= 0 && ms < 60_000).toBe(true);
  expect([delayMsOf('a', 60), delayMsOf('a', 0)]).toEqual([delays[0], 0]);
});
