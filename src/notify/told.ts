/** What receivers are told: the same text at every attempt, some kilobytes at the most. */
import { randomUUID } from 'node:crypto';
import type { Notice, NoticeDag, NoticeLetter, ToldEvent } from '../core/notices';
import type { NewDelivery } from '../ports/notices';

const TAGS_TOLD = 50;
const LONGEST_ERROR = 2000;

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const dagFacts = ({ dagId, name, tags, status, totalTasks, createdAt, lateAt, end }: NoticeDag, origin: string): object => ({
  dagId,
  dagName: name,
  tags: tags.slice(0, TAGS_TOLD),
  status,
  totalTasks,
  completedTasks: end.completedTasks,
  failedTasks: end.failedTasks,
  skippedTasks: end.skippedTasks,
  cancelledTasks: end.cancelledTasks,
  createdAt: iso(createdAt),
  startedAt: iso(end.startedAt),
  completedAt: iso(end.completedAt),
  lateAt: iso(lateAt),
  reason: end.reason === null ? null : { code: end.reason.code, by: end.reason.by ?? null, message: end.reason.message ?? null },
  link: `${origin}/dags/${dagId}`,
});

const letterFacts = ({ error, ...letter }: NoticeLetter, origin: string): object => ({
  ...letter,
  error: error === null ? null : error.slice(0, LONGEST_ERROR),
  link: `${origin}/api/v1/dead-letters/${letter.letterId}`,
});

/** The body of a delivery: JSON text of some kilobytes, the same at every attempt. `origin` is where the page answers. */
export const noticeJson = ({ event, at, dag, letter }: Notice, origin: string): string =>
  JSON.stringify({
    type: event,
    timestamp: iso(at),
    data: {
      dag: dag === null ? null : dagFacts(dag, origin),
      letter: letter === null ? null : letterFacts(letter, origin),
    },
  });

const words: Readonly<Record<ToldEvent, string>> = {
  DAG_COMPLETED: 'completed',
  DAG_FAILED: 'failed',
  DAG_CANCELLED: 'was cancelled',
  DAG_LATE: 'is late',
  DEAD_LETTER: 'has a dead letter',
  TEST: 'test',
};

const LONGEST_SUBJECT = 150;

/** What happened, in one line. */
export const noticeSubject = ({ event, dag, letter }: Pick<Notice, 'event' | 'dag' | 'letter'>): string => {
  if (event === 'TEST') return 'A test of notifications';
  const what = dag === null ? `A record that can't be decoded became dead letter ${letter?.letterId ?? ''}` : `DAG ${dag.name} ${words[event]}`;
  const task = letter?.taskName === null || letter?.taskName === undefined ? '' : `: task ${letter.taskName} gave up`;
  // A line break would begin another header of a mail.
  return Array.from(`${what}${task}`.replace(/[\p{Cc}\u2028\u2029]+/gu, ' '))
    .slice(0, LONGEST_SUBJECT)
    .join('');
};

/** A delivery of an event to a subscription. */
export const deliveryOf = (notice: Notice, subscription: string, subject: string, origin: string): NewDelivery => ({
  id: randomUUID(),
  subscription,
  event: notice.event,
  subject,
  title: noticeSubject(notice),
  body: noticeJson(notice, origin),
});

/** One that says that it is a test: each is another one. */
export const testDelivery = (subscription: string, at: number, origin: string): NewDelivery =>
  deliveryOf({ event: 'TEST', at, dag: null, letter: null }, subscription, randomUUID(), origin);
