import { agoText, countText, durationText, exactText, figureText, percentText, plural, timeText, wordsOf } from '../../web/src/parts/format';

test.each([
  [-5, '0 ms'],
  [0.4, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1 s'],
  [1_240, '1.24 s'],
  [1_500, '1.5 s'],
  [2_000, '2 s'],
  [9_999, '10 s'],
  [42_300, '42 s'],
  [59_700, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('%d ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

const AT = Date.parse('2026-11-28T22:30:05.042Z');

test.each([
  ['2026-11-28T22:31:00Z', 'UTC', '22:30:05'],
  ['2026-11-29T00:31:00Z', 'UTC', '28 Nov, 22:30:05'],
  ['2027-01-01T00:00:00Z', 'UTC', '28 Nov 2026, 22:30:05'],
  // Two hours to the east it was the next day already.
  ['2026-11-29T10:00:00Z', 'Europe/Helsinki', '00:30:05'],
])('seen at %s in %s', (now, zone, text) => {
  expect(timeText(AT, Date.parse(now), zone)).toBe(text);
});

test('the exact time has milliseconds, the zone and UTC', () => {
  expect(exactText(AT, 'Europe/Helsinki')).toBe('2026-11-29 00:30:05.042 GMT+2 (2026-11-28T22:30:05.042Z)');
});

test.each([
  [1_000, 'just now'],
  [65_000, '1 min ago'],
  [-65_000, 'in 1 min'],
  [7_200_000, '2 h ago'],
  [90_000_000, '1 d ago'],
  [12_000, '12 s ago'],
])('%d ms after it', (ms, text) => {
  expect(agoText(AT, AT + ms)).toBe(text);
});

test.each([
  [0, '0'],
  [0.123, '0.12'],
  [12.34, '12.3'],
  [1_234.5, '1,235'],
  [Number.NaN, '–'],
])('the figure %d', (value, text) => {
  expect(figureText(value)).toBe(text);
});

test('counts and words', () => {
  expect([plural(1, 'task'), plural(1_200, 'task'), countText(10_000), percentText(null), percentText(99.95)]).toEqual([
    '1 task',
    '1,200 tasks',
    '10,000',
    '–',
    '100 %',
  ]);
  expect(wordsOf('DATA_PROCESSING')).toBe('data processing');
});
