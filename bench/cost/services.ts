/** What PostgreSQL and Kafka say of a workload, as tables: where the time goes that the processes' own only sums up. */
import { row } from '../report';
import type { Workload } from '../workloads';
import { type BrokerWork, requestsDuring } from './broker';
import { type DatabaseWork, statementsDuring } from './statements';

/** What takes less of a task's time than this many microseconds isn't shown. */
const SHOWN_US = 0.5;
const QUERY_LENGTH = 70;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(row)].join('\n');

const statementsTable = ({ statements }: DatabaseWork, tasks: number): string => {
  const rows = statements
    .filter(({ ms }) => (ms * 1000) / tasks >= SHOWN_US)
    .map(({ query, calls, rows, ms, slowestMs, walBytes }) => [
      `\`${query.slice(0, QUERY_LENGTH).replaceAll('|', ' ')}\``,
      calls.toFixed(0),
      (rows / calls).toFixed(1),
      ((ms * 1000) / calls).toFixed(0),
      slowestMs.toFixed(1),
      ((ms * 1000) / tasks).toFixed(1),
      (walBytes / tasks).toFixed(0),
    ]);
  return table(['statement', 'calls', 'rows a call', 'µs a call', 'slowest ms', 'µs a task', 'WAL bytes a task'], rows);
};

const requestsTable = ({ requests }: BrokerWork): string => {
  const rows = requests.map(({ name, count, bytes, ...times }) => [
    name,
    count.toFixed(0),
    bytes.toFixed(0),
    ...[times.totalMs, times.queuedMs, times.localMs, times.remoteMs, times.answerMs].map((ms) => ms.toFixed(2)),
  ]);
  return table(['request', 'count', 'bytes', 'ms', 'queued', 'log', 'waiting', 'answer'], rows);
};

/** Runs a workload's work on services that nobody else uses, and prints what they did. */
export const printServices = async <T>({ name, tasks }: Workload, databaseUrl: string, work: () => Promise<T>): Promise<T> => {
  const [[result, database], broker] = await requestsDuring(() => statementsDuring(databaseUrl, work));
  console.log(`\n${name}: PostgreSQL, ${(tasks / database.syncs).toFixed(1)} tasks for each sync of its log\n\n${statementsTable(database, tasks)}`);
  const bytes = `${(broker.bytesIn / tasks).toFixed(0)} bytes in and ${(broker.bytesOut / tasks).toFixed(0)} out for each task`;
  console.log(`\n${name}: Kafka, ${broker.records.toFixed(0)} records, ${bytes}\n\n${requestsTable(broker)}`);
  return result;
};
