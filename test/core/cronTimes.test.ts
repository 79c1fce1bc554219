/** The next times of cron expressions, against an enumerator that looks at each minute, on days when clocks are turned and on others. */
import fc from 'fast-check';
import { isHourly, readCron, type Cron } from '../../src/core/cron';
import { nextTime, nextTimes } from '../../src/core/schedule';
import { findZone, type Zone } from '../../src/core/timeZones';

const MINUTE = 60_000;
const DAY = 1440;

const cronOf = (text: string): Cron => {
  const read = readCron(text);
  if (read.kind === 'wrong') throw new Error(`${text}: ${read.message}`);
  return read.cron;
};

/** Asking Intl is slow, and the enumerator asks for each minute. */
const known = new Map<string, Zone>();

const zoneOf = (name: string): Zone => {
  const found = known.get(name) ?? findZone(name);
  if (found === undefined) throw new Error(`no zone ${name}`);
  if (known.has(name)) return found;
  const offsets = new Map<number, number>();
  const zone: Zone = {
    name,
    offsetAt: (minute) => {
      const offset = offsets.get(minute) ?? found.offsetAt(minute);
      offsets.set(minute, offset);
      return offset;
    },
  };
  known.set(name, zone);
  return zone;
};

const fits = ({ minutes, hours, days, months, weekdays, isDayByEither }: Cron, shown: number): boolean => {
  const date = new Date(shown * MINUTE);
  const [day, weekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())];
  const isDay = isDayByEither ? day || weekday : day && weekday;
  return minutes.has(date.getUTCMinutes()) && hours.has(date.getUTCHours()) && months.has(date.getUTCMonth() + 1) && isDay;
};

/** What the expression means, minute by minute: the first two days only tell what the clock has shown already. */
const enumerated = (cron: Cron, zone: Zone, from: number, until: number): number[] => {
  const times: number[] = [];
  let seen = -Infinity;
  for (let minute = from - 2 * DAY; minute < until; minute++) {
    const shown = minute + zone.offsetAt(minute);
    const isHit = isHourly(cron)
      ? fits(cron, shown)
      : shown > seen && Array.from({ length: Math.min(shown - seen, 2 * DAY) }, (_, i) => shown - i).some((each) => fits(cron, each));
    if (minute >= from && isHit) times.push(minute * MINUTE);
    seen = Math.max(seen, shown);
  }
  return times;
};

/** Instants close to which the clocks of a zone are turned. */
const TURNS: readonly (readonly [string, string])[] = [
  ['Europe/Berlin', '2027-03-28T01:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00Z'],
  ['America/New_York', '2027-03-14T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  // At midnight, forward and back.
  ['Africa/Cairo', '2025-04-24T22:00Z'],
  ['Africa/Cairo', '2025-10-30T21:00Z'],
  ['America/Havana', '2026-03-08T05:00Z'],
  ['America/Santiago', '2026-04-05T03:00Z'],
  // By half an hour, and by two.
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ['Antarctica/Troll', '2026-03-29T01:00Z'],
  // A day that never was.
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  // For a month.
  ['Africa/Casablanca', '2026-02-15T02:00Z'],
  ['Africa/Casablanca', '2026-03-22T02:00Z'],
  ['Asia/Kathmandu', '2026-03-28T01:00Z'],
  ['UTC', '2026-03-28T01:00Z'],
];

const number = (low: number, high: number): fc.Arbitrary<string> => fc.integer({ min: low, max: high }).map(String);
const field = (low: number, high: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: number(low, high) },
    { weight: 2, arbitrary: fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`) },
    { weight: 1, arbitrary: fc.tuple(number(low, high), number(low, high)).map((both) => both.join(',')) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }), fc.integer({ min: 1, max: 4 }))
        .map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}/${step}`),
    },
  );
/** Days are seldom restricted, hours are close to those at which clocks are turned. */
const expression = fc
  .tuple(
    field(0, 59),
    fc.oneof(field(0, 4), field(0, 23)),
    fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: field(1, 31) }),
    fc.constant('*'),
    fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: field(0, 7) }),
  )
  .map((fields) => fields.join(' '));

test('next times only grow, and are those of whoever looks at the clock each minute', () => {
  fc.assert(
    fc.property(expression, fc.constantFrom(...TURNS), fc.integer({ min: -DAY, max: DAY / 2 }), (text, [name, turn], offset) => {
      const [cron, zone] = [cronOf(text), zoneOf(name)];
      const from = Math.floor(Date.parse(turn) / MINUTE) + offset;
      const times: number[] = [];
      let at = from * MINUTE - 1;
      for (;;) {
        const next = nextTime({ cron, zone }, at);
        if (next === undefined || next >= (from + DAY) * MINUTE) break;
        if (next <= at) throw new Error(`${text} in ${name}: ${next} comes after ${at}`);
        times.push((at = next));
      }
      expect(times.join()).toBe(enumerated(cron, zone, from, from + DAY).join());
    }),
    { numRuns: 200 },
  );
});

const times = (text: string, zone: string, after: string, count: number): string[] =>
  nextTimes({ cron: cronOf(text), zone: zoneOf(zone) }, Date.parse(after), count).map((at) => new Date(at).toISOString().slice(0, 16));

test.each([
  [
    'what is skipped fires once, right behind the gap',
    '*/20 2 * * *',
    'Europe/Berlin',
    '2027-03-27T12:00Z',
    ['2027-03-28T01:00', '2027-03-29T00:00'],
  ],
  ['also where a whole day is skipped', '0 12 * * *', 'Pacific/Apia', '2011-12-29T23:00Z', ['2011-12-30T10:00', '2011-12-30T22:00']],
  ['what is repeated fires once, the first time', '30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
  ['asked within the repeated hour, too', '30 2 * * *', 'Europe/Berlin', '2026-10-25T01:10Z', ['2026-10-26T01:30', '2026-10-27T01:30']],
  [
    'every hour goes on as time does',
    '30 * * * *',
    'Europe/Berlin',
    '2026-10-24T23:45Z',
    ['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T02:30'],
  ],
  ['every hour has no extra run behind a gap', '30 * * * *', 'Europe/Berlin', '2027-03-28T00:10Z', ['2027-03-28T00:30', '2027-03-28T01:30']],
  ['a leap day', '0 0 29 2 *', 'UTC', '2096-03-01T00:00Z', ['2104-02-29T00:00']],
  ['both days restricted: either', '0 0 13 * FRI', 'UTC', '2026-02-01T00:00Z', ['2026-02-06T00:00', '2026-02-13T00:00', '2026-02-20T00:00']],
  ['one of them with a step: both', '0 0 */2 * FRI', 'UTC', '2026-02-01T00:00Z', ['2026-02-13T00:00', '2026-02-27T00:00']],
  ['Sunday is 7, too', '5 4 * * 7', 'UTC', '2026-02-01T04:05Z', ['2026-02-08T04:05']],
  ['a shorthand', '@monthly', 'Asia/Tokyo', '2026-02-01T00:00Z', ['2026-02-28T15:00']],
])('%s', (_what, text, zone, after, expected) => {
  expect(times(text, zone, after, expected.length)).toEqual(expected);
});

test.each([
  ['* * * *', 'must have five fields'],
  ['61 * * * *', 'the minute has "61": it goes from 0 to 59'],
  ['* 24 * * *', 'the hour has "24"'],
  ['* * 0 * *', 'the day of the month has "0": it goes from 1 to 31'],
  ['* * * FEBR *', 'the month has "FEBR": it goes from 1 to 12 or a name such as FEB'],
  ['* * * * 8', 'the day of the week has "8"'],
  ['*/0 * * * *', 'a step of 0'],
  ['5-1 * * * *', 'runs backwards'],
  ['1;2 * * * *', 'it takes *, numbers, ranges'],
  ['0 0 30 2 *', 'fits no day that there ever is'],
  ['@often', 'there is no @often, only @hourly'],
  [`${'1,'.repeat(200)}1 * * * *`, 'at most 200 characters'],
])('%s is refused in words', (text, message) => {
  expect(readCron(text)).toEqual({ kind: 'wrong', message: expect.stringContaining(message) });
});

test('a zone has a name of the IANA database', () => {
  expect(['Europe/Berlin', 'UTC', '+02:00', 'Mars/Olympus', ''].map((name) => findZone(name)?.name)).toEqual([
    'Europe/Berlin',
    'UTC',
    undefined,
    undefined,
    undefined,
  ]);
});
