/** What a client of the stream wants to hear of. */
import { parseDagId, type DagId } from '../../core/ids';
import { onlyKnown, textOf, wrong, type Query } from '../query';

export const PLAIN_TOPICS = ['overview', 'dags', 'workers'] as const;
export type PlainTopic = (typeof PLAIN_TOPICS)[number];

export const MOST_TOPICS = 20;
const LONGEST_TOPICS = 2048;
const OF_DAG = 'dag:';

export interface Topics {
  readonly plain: ReadonlySet<PlainTopic>;
  readonly watched: ReadonlySet<DagId>;
}

const isPlain = (topic: string): topic is PlainTopic => (PLAIN_TOPICS as readonly string[]).includes(topic);

const dagIn = (topic: string): DagId => {
  const dag = topic.startsWith(OF_DAG) ? parseDagId(topic.slice(OF_DAG.length)) : undefined;
  if (dag === undefined) throw wrong('topics', `${JSON.stringify(topic.slice(0, 100))} is none of ${PLAIN_TOPICS.join(', ')} and dag:<dagId>`);
  return dag;
};

/** Reads `topics`: names between commas, each of them known. */
export const topicsOf = (query: Query): Topics => {
  onlyKnown(query, ['topics']);
  const text = textOf(query, 'topics', LONGEST_TOPICS);
  if (text === undefined) throw wrong('topics', `say what to hear of: ${PLAIN_TOPICS.join(', ')} and dag:<dagId>, with commas between them`);
  const names = [...new Set(text.split(','))];
  if (names.length > MOST_TOPICS) throw wrong('topics', `must be ${MOST_TOPICS} at the most`);
  return { plain: new Set(names.filter(isPlain)), watched: new Set(names.filter((name) => !isPlain(name)).map(dagIn)) };
};
