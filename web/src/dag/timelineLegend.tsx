/** What the bars of the timeline mean. */
import { STAGES, type Stage } from './segments';

export const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  blocked: 'blocked',
  queued: 'queued',
  dispatched: 'sent to a worker',
  running: 'running',
  retryWait: 'waiting for a retry',
  earlier: 'earlier attempts',
};

/** Of a bar, in pixels. */
export const BAR = 14;

/** Hatched and dotted, so that stages are told apart without their colours. */
export const Patterns = () => (
  <defs>
    <pattern id="hatch-queued" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="pattern-queued" width="2.5" height="6" />
    </pattern>
    <pattern id="hatch-retry" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
      <rect class="pattern-retry" width="2.5" height="6" />
    </pattern>
    <pattern id="hatch-failed" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="pattern-failed" width="7" height="7" />
      <rect class="pattern-gap" width="1.5" height="7" />
    </pattern>
    <pattern id="dots-sent" width="4" height="4" patternUnits="userSpaceOnUse">
      <rect class="pattern-sent" width="2" height="2" />
    </pattern>
  </defs>
);

export const StageLegend = () => (
  <ul class="legend" aria-label="Stages">
    {STAGES.map((stage) => (
      <li key={stage} class="legend-entry">
        <svg width="26" height={BAR} aria-hidden="true">
          <rect
            class={`gantt gantt-${stage}${stage === 'running' ? ' gantt-going' : ''}`}
            x="0"
            y={stage === 'blocked' ? 6 : 0.5}
            width="26"
            height={stage === 'blocked' ? 2 : BAR - 1}
            rx="2"
          />
        </svg>
        {STAGE_WORDS[stage]}
      </li>
    ))}
    <li class="legend-entry">
      <svg width="26" height={BAR} aria-hidden="true">
        <rect class="gantt gantt-running gantt-completed" data-critical="yes" x="1" y="1" width="24" height={BAR - 2} rx="2" />
      </svg>
      on the critical path
    </li>
    {(['completed', 'failed'] as const).map((outcome) => (
      <li key={outcome} class="legend-entry">
        <svg width="26" height={BAR} aria-hidden="true">
          <rect class={`gantt gantt-running gantt-${outcome}`} x="0.5" y="0.5" width="25" height={BAR - 1} rx="2" />
        </svg>
        ran, {outcome}
      </li>
    ))}
  </ul>
);
