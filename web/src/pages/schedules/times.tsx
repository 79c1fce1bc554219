/** The next times of a schedule, on its own clocks and on the reader's. */
import { DataTable, type Column } from '../../parts/dataTable';
import { Name } from '../../parts/name';
import { exactText } from '../../parts/format';
import { clockText, ownZone } from './form';

interface NextTimesProps {
  readonly times: readonly string[];
  readonly timeZone: string;
}

const inZone = (key: string, title: string, timeZone: string): Column<string> => ({
  key,
  title: <Name text={title} />,
  cell: (at) => (
    <time class="figure wraps" dateTime={at} title={exactText(Date.parse(at), timeZone)}>
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
