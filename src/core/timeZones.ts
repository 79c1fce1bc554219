/** Clocks on walls: what one shows at an instant, and when one first shows a time. All times are whole minutes since 1970; instants are UTC. */

export interface Zone {
  readonly name: string;
  /** Minutes that the zone's clocks are ahead of UTC. */
  offsetAt(minute: number): number;
}

const MINUTE_MS = 60_000;
/** More than any clock was ever turned at once, a skipped day included, and less than there is between two turns. */
export const TURN_MINUTES = 26 * 60;

const OFFSET = /GMT(?:([+-])(\d\d):(\d\d))?/;

const offsetIn = (text: string): number => {
  const [, sign, hours, minutes] = OFFSET.exec(text) ?? [];
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
};

/** A zone of the IANA database, such as Europe/Berlin; undefined where there is none of that name. */
export const findZone = (name: string): Zone | undefined => {
  // An offset such as +02:00 is none: it doesn't know when clocks are turned.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    return { name, offsetAt: (minute) => offsetIn(format.format(minute * MINUTE_MS)) };
  } catch {
    return undefined;
  }
};

export const shownAt = (zone: Zone, minute: number): number => minute + zone.offsetAt(minute);

/** The minute from which on clocks show something else than before; both ends differ. */
const turnBetween = (zone: Zone, before: number, after: number): number => {
  const offset = zone.offsetAt(before);
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetAt(middle) === offset) low = middle;
    else high = middle;
  }
  return high;
};

/** When clocks are turned next, if that is within a day or so. */
export const turnAfter = (zone: Zone, minute: number): number | undefined => {
  const until = minute + TURN_MINUTES;
  return zone.offsetAt(until) === zone.offsetAt(minute) ? undefined : turnBetween(zone, minute, until);
};

/** The latest time that clocks have shown up to an instant: later than what they show then where they were turned back a moment ago. */
export const shownUntil = (zone: Zone, minute: number): number => {
  const [since, offset] = [minute - TURN_MINUTES, zone.offsetAt(minute)];
  const earlier = zone.offsetAt(since);
  return earlier <= offset ? minute + offset : Math.max(minute + offset, turnBetween(zone, since, minute) - 1 + earlier);
};

/** The first instant at which clocks show this time, or one behind it where it is skipped. */
export const firstShowing = (zone: Zone, shown: number): number => {
  const [before, after] = [shown - TURN_MINUTES, shown + TURN_MINUTES];
  const [earlier, later] = [zone.offsetAt(before), zone.offsetAt(after)];
  for (const offset of [earlier, later]) if (zone.offsetAt(shown - offset) === offset) return shown - offset;
  return turnBetween(zone, before, after);
};
