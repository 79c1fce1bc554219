/** Times and durations. Every one tells its exact value on hover. */
import { now } from '../live/now';
import { agoText, durationText, exactText, timeText } from './format';

const msOf = (at: string | number): number => (typeof at === 'number' ? at : Date.parse(at));

interface WhenProps {
  /** ISO 8601 or milliseconds; nothing shows a dash. */
  readonly at: string | number | null | undefined;
  /** How far away it is, in place of the time. */
  readonly ago?: boolean;
}

/** A time in the reader's zone. */
export const When = ({ at, ago = false }: WhenProps) => {
  if (at === null || at === undefined) return <span class="faint">–</span>;
  const ms = msOf(at);
  return (
    <time class="figure" dateTime={new Date(ms).toISOString()} title={exactText(ms)}>
      {ago ? agoText(ms, now.value) : timeText(ms, now.value)}
    </time>
  );
};

/** A span of milliseconds. */
export const Duration = ({ ms }: { readonly ms: number | null | undefined }) =>
  ms === null || ms === undefined ? (
    <span class="faint">–</span>
  ) : (
    <span class="figure" title={`${ms.toLocaleString('en-GB')} ms`}>
      {durationText(ms)}
    </span>
  );

interface TookProps {
  readonly from: string | null;
  /** Null while it goes on: it counts up then. */
  readonly to: string | null;
}

/** How long something took, or has been going on. */
export const Took = ({ from, to }: TookProps) => (
  <Duration ms={from === null ? null : Math.max(0, (to === null ? now.value : msOf(to)) - msOf(from))} />
);
