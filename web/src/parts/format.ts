/** Numbers, times and names as text. */

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** `850 ms`, `1.24 s`, `42 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export const durationText = (ms: number): string => {
  const positive = Math.max(0, ms);
  if (positive < 999.5) return `${Math.round(positive)} ms`;
  if (positive < 10_000) return `${(positive / 1_000).toFixed(2).replace(/[.]?0+$/, '')} s`;
  const seconds = Math.round(positive / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600), Math.floor(seconds / 86_400)];
  if (minutes < 60) return withRest(`${minutes} min`, seconds % 60, 's');
  if (hours < 24) return withRest(`${hours} h`, minutes % 60, 'min');
  return withRest(`${days} d`, hours % 24, 'h');
};

const withRest = (text: string, rest: number, unit: string): string => (rest === 0 ? text : `${text} ${rest} ${unit}`);

/** The distance of a time from now: `just now`, `3 min ago`, `in 2 h`. */
export const agoText = (at: number, now: number): string => {
  const ms = now - at;
  if (Math.abs(ms) < 5_000) return 'just now';
  const text = coarse(Math.abs(ms));
  return ms > 0 ? `${text} ago` : `in ${text}`;
};

const coarse = (ms: number): string => {
  const steps: readonly (readonly [number, string])[] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ];
  const [size, unit] = steps.find(([step]) => ms >= step) ?? [1_000, 's'];
  return `${Math.floor(ms / size)} ${unit}`;
};

/** A time in a zone (the reader's own without one): the time alone on the same day, else with the date. */
export const timeText = (at: number, now: number, timeZone?: string): string => {
  const parts = (value: number): Record<string, string> =>
    Object.fromEntries(new Intl.DateTimeFormat('en-GB', { ...FIELDS, timeZone }).formatToParts(value).map(({ type, value: text }) => [type, text]));
  const [then, today] = [parts(at), parts(now)];
  const clock = `${then['hour']!}:${then['minute']!}:${then['second']!}`;
  if (then['year'] !== today['year']) return `${then['day']!} ${then['month']!} ${then['year']!}, ${clock}`;
  return then['day'] === today['day'] && then['month'] === today['month'] ? clock : `${then['day']!} ${then['month']!}, ${clock}`;
};

const FIELDS: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
};

/** The exact time with milliseconds, in a zone and in UTC. */
export const exactText = (at: number, timeZone?: string): string => {
  const date = new Date(at);
  const zone = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'shortOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const day = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone }).format(at);
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone }).format(at);
  return `${day} ${clock}.${String(date.getUTCMilliseconds()).padStart(3, '0')} ${zone ?? ''} (${date.toISOString()})`;
};

/** `1,234`. */
export const countText = (value: number): string => value.toLocaleString('en-GB');

/** `3 tasks`, `1 task`. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${countText(count)} ${count === 1 ? one : many}`;

/** `0`, `0.42`, `7.3`, `1,240`: as many digits as say something. */
export const figureText = (value: number): string => {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-GB', { maximumFractionDigits: digits });
};

/** `98.2 %`; a dash for what isn't known. */
export const percentText = (value: number | null): string => (value === null || !Number.isFinite(value) ? '–' : `${figureText(value)} %`);

/** `DATA_PROCESSING` as `data processing`. */
export const wordsOf = (name: string): string => name.toLowerCase().replaceAll('_', ' ');

/** The first part of an id: enough to tell rows apart. */
export const shortId = (id: string): string => id.slice(0, 8);

/** `2026-11-28T14:05` as the reader's own zone has it, for inputs of a date and a time. They take a year of four digits alone, also half typed. */
export const inputTime = (at: number): string => {
  const date = new Date(at);
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
};
