/** The next times of a schedule, on its own clocks and on the reader's. */
import { DataTable, type Column } from '../../parts/dataTable';
import { clockText, ownZone } from './form';

interface NextTimesProps {
  readonly times: readonly string[];
  readonly timeZone: string;
}

const inZone = (key: string, title: string, timeZone: string): Column<string> => ({
  key,
  title,
  cell: (at) => (
    <time class="figure" dateTime={at} title={at}>
      {clockText(at, timeZone)}
    </time>
  ),
});

export const NextTimes = ({ times, timeZone }: NextTimesProps) => {
  const own = ownZone();
  if (times.length === 0) return <p class="soft">No time comes.</p>;
  const columns = [inZone('there', timeZone, timeZone), ...(own === timeZone ? [] : [inZone('here', `Here (${own})`, own)])];
  return <DataTable label="Next times" columns={columns} rows={times} keyOf={(at) => at} />;
};
