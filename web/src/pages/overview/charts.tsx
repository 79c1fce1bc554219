/** The last quarter of an hour as curves. */
import { useMemo } from 'preact/hooks';
import { perSecond, rolling, shareOf, sinceKnown, timesOf, utilisation, type Curve, type History } from '../../api/overview';
import type { Line } from '../../charts/line';
import { TimeChart } from '../../charts/timeChart';
import { countText, figureText } from '../../parts/format';
import { priorityLines } from './priorities';

interface PanelProps {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly text: (value: number) => string;
  readonly top?: number;
  readonly whole?: boolean;
}

const Panel = ({ id, title, note, ...chart }: PanelProps) => (
  <section class="card" aria-labelledby={id}>
    <div class="card-head">
      <h2 id={id}>{title}</h2>
      <span class="card-note">{note}</span>
    </div>
    <TimeChart label={title} {...chart} />
  </section>
);

const percent = (value: number): string => `${Math.round(value)} %`;

export const Charts = ({ history: whole }: { readonly history: History }) => {
  const history = useMemo(() => sinceKnown(whole), [whole]);
  const times = useMemo(() => timesOf(history), [history]);
  const { stepSeconds } = history;
  const throughput = useMemo<readonly Line[]>(
    () => [
      { name: 'completed', tone: 'good', values: perSecond(history.completed, stepSeconds), fill: true },
      { name: 'failed', tone: 'bad', values: perSecond(history.failed, stepSeconds), dash: [5, 3] },
    ],
    [history],
  );
  const rates = useMemo<readonly Line[]>(() => {
    const [completed, failed] = [history.completed, history.failed].map((curve) => rolling(curve, Math.round(60 / stepSeconds))) as [Curve, Curve];
    return [
      { name: 'succeeded', tone: 'good', values: shareOf(completed, failed), fill: true },
      { name: 'failed', tone: 'bad', values: shareOf(failed, completed), dash: [5, 3] },
    ];
  }, [history]);
  const queue = useMemo(() => priorityLines(history.queuedByPriority), [history]);
  const workers = useMemo<readonly Line[]>(
    () => [{ name: 'slots taken', tone: 'accent', values: utilisation(history.slotsTaken, history.slots), fill: true }],
    [history],
  );
  return (
    <div class="cards cards-narrow">
      <Panel id="throughput" title="Throughput" note="tasks/s" times={times} lines={throughput} text={figureText} />
      <Panel id="queue" title="Queue by priority" note="tasks that wait" times={times} lines={queue} text={countText} whole />
      <Panel id="rates" title="Success and failure" note="over the minute before" times={times} lines={rates} top={100} text={percent} />
      <Panel id="utilisation" title="Worker utilisation" note="of all slots" times={times} lines={workers} top={100} text={percent} />
    </div>
  );
};
