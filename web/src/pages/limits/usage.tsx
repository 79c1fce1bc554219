/** How much of a limit is used. */

interface UsageProps {
  /** Null where nobody could say. */
  readonly running: number | null;
  readonly maxRunning: number;
}

export const Usage = ({ running, maxRunning }: UsageProps) => {
  const full = running !== null && running >= maxRunning;
  return (
    <div class="slots">
      <div class="bar" aria-hidden="true">
        <div
          class={`bar-fill tone-${full ? 'warn' : 'busy'}`}
          style={{ width: `${Math.min(100, (100 * (running ?? 0)) / maxRunning)}%`, minWidth: '0' }}
        />
      </div>
      <span class="figure wraps">
        {running ?? '?'} of {maxRunning}
        {full && ' – full'}
      </span>
    </div>
  );
};
