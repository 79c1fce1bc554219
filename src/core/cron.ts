/** Cron expressions: five fields, read into sets, and the next time on a wall's clock that fits them. No zone is known here. */

export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Where both are restricted a day fits by either of them, else it must fit both, as in every cron. */
  readonly isDayByEither: boolean;
}

export type ReadCron = { readonly kind: 'right'; readonly cron: Cron } | { readonly kind: 'wrong'; readonly message: string };

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const FIELDS = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of the month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] },
  // Sunday is 0 or 7.
  { name: 'day of the week', low: 0, high: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
] as const satisfies readonly Field[];

const SHORTHANDS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const LONGEST = 200;
const ITEM = /^(?:\*|([A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?)(?:\/(\d{1,3}))?$/;

const numberIn = (text: string, { low, high, names = [] }: Field): number | undefined => {
  const named = names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + low : /^\d{1,3}$/.test(text) ? Number(text) : NaN;
  return value >= low && value <= high ? value : undefined;
};

const boundsOf = ({ low, high, names }: Field): string => `${low} to ${high}${names === undefined ? '' : ` or a name such as ${names[1]!}`}`;

/** The values that one item of a field stands for, or what is wrong with it. */
const valuesOf = (item: string, field: Field): readonly number[] | string => {
  const [fits, first, last, every] = ITEM.exec(item) ?? [];
  if (fits === undefined) return `the ${field.name} has "${item}": it takes *, numbers, ranges such as 1-5, steps such as */5, and lists of these`;
  const step = every === undefined ? 1 : Number(every);
  if (step < 1) return `the ${field.name} has a step of 0 in "${item}"`;
  const from = first === undefined ? field.low : numberIn(first, field);
  // `5/10` goes on to the end, as `5-59/10` does.
  const to = last !== undefined ? numberIn(last, field) : first === undefined || every !== undefined ? field.high : from;
  if (from === undefined || to === undefined) return `the ${field.name} has "${item}": it goes from ${boundsOf(field)}`;
  if (from > to) return `the ${field.name} has "${item}", which runs backwards`;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
};

const readField = (text: string, field: Field): ReadonlySet<number> | string => {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const read = valuesOf(item, field);
    if (typeof read === 'string') return read;
    for (const value of read) values.add(value);
  }
  return values;
};

const wrong = (message: string): ReadCron => ({ kind: 'wrong', message });

/** Reads an expression; what is wrong is said in words. */
export const readCron = (text: string): ReadCron => {
  if (text.length > LONGEST) return wrong(`must have at most ${LONGEST} characters`);
  const asked = text.trim();
  const meant = asked.startsWith('@') ? SHORTHANDS[asked.toLowerCase()] : asked;
  if (meant === undefined) return wrong(`there is no ${asked}, only ${Object.keys(SHORTHANDS).join(', ')}`);
  const parts = meant.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length)
    return wrong(`must have five fields (minute, hour, day of the month, month, day of the week), like "30 6 * * MON-FRI", and has ${parts.length}`);
  const read = FIELDS.map((field, i) => readField(parts[i]!, field));
  const complaint = read.find((field) => typeof field === 'string');
  if (complaint !== undefined) return wrong(complaint);
  const [minutes, hours, days, months, weekdays] = read as readonly ReadonlySet<number>[] as [Cron['minutes'], ...Cron['minutes'][]];
  const cron: Cron = {
    minutes,
    hours: hours!,
    days: days!,
    months: months!,
    weekdays: new Set([...weekdays!].map((day) => day % 7)),
    isDayByEither: !parts[2]!.startsWith('*') && !parts[4]!.startsWith('*'),
  };
  return nextFitting(cron, 0) === undefined ? wrong('fits no day that there ever is') : { kind: 'right', cron };
};

/** Whether it goes with time as it passes, hour after hour, and not by what the clock shows. */
export const isHourly = ({ hours }: Cron): boolean => hours.size === 24;

const DAY_MINUTES = 1440;
/** 29 February on a given weekday comes after 40 years at the latest, around a year such as 2100. */
const HORIZON_DAYS = 41 * 366;

/** Year, month and day of the month of a day since 1970, by the proleptic Gregorian calendar (Howard Hinnant's civil_from_days). */
const dateOf = (day: number): { readonly month: number; readonly date: number } => {
  const shifted = day + 719_468;
  const inEra = shifted - Math.floor(shifted / 146_097) * 146_097;
  const yearOfEra = Math.floor((inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365);
  const inYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  return { month: fromMarch < 10 ? fromMarch + 3 : fromMarch - 9, date: inYear - Math.floor((153 * fromMarch + 2) / 5) + 1 };
};

/** 1 January 1970 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

const isDay = ({ days, weekdays, isDayByEither }: Cron, day: number, date: number): boolean => {
  const [byDate, byWeekday] = [days.has(date), weekdays.has(weekdayOf(day))];
  return isDayByEither ? byDate || byWeekday : byDate && byWeekday;
};

const timeFrom = ({ hours, minutes }: Cron, first: number): number | undefined => {
  for (let hour = Math.floor(first / 60); hour < 24; hour++) {
    if (!hours.has(hour)) continue;
    for (let minute = Math.max(0, first - hour * 60); minute < 60; minute++) if (minutes.has(minute)) return hour * 60 + minute;
  }
  return undefined;
};

/** The first time from this one on that fits, in minutes on the wall's clock; undefined for never. */
export const nextFitting = (cron: Cron, from: number): number | undefined => {
  const firstDay = Math.floor(from / DAY_MINUTES);
  for (let day = firstDay; day < firstDay + HORIZON_DAYS; day++) {
    const { month, date } = dateOf(day);
    if (!cron.months.has(month)) {
      // No month is shorter.
      if (date === 1) day += 27;
      continue;
    }
    if (!isDay(cron, day, date)) continue;
    const time = timeFrom(cron, day === firstDay ? from - day * DAY_MINUTES : 0);
    if (time !== undefined) return day * DAY_MINUTES + time;
  }
  return undefined;
};
