/** What is told to people and programs outside: which events, to whom, and in what form. */
import type { DagReason } from './dag';
import type { DagId } from './ids';

export const NOTICE_EVENTS = ['DAG_COMPLETED', 'DAG_FAILED', 'DAG_CANCELLED', 'DAG_LATE', 'DEAD_LETTER'] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];
/** What a delivery tells of: an event, or that somebody tries the way. */
export type ToldEvent = NoticeEvent | 'TEST';

export const CHANNELS = ['webhook', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What a subscription wants to hear of. */
export interface NoticeFilter {
  readonly events: readonly NoticeEvent[];
  /** A DAG's name, in which `*` stands for any characters; null for every name. */
  readonly dagName: string | null;
  /** A DAG with one of these; any DAG where there are none. */
  readonly tags: readonly string[];
}

export interface Subscription extends NoticeFilter {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  readonly channel: Channel;
  /** Of a webhook; null for e-mail. */
  readonly url: string | null;
  /** Of e-mail; none for a webhook. */
  readonly addresses: readonly string[];
  readonly enabled: boolean;
  /** Why the scheduler itself has switched it off; null where it hasn't. */
  readonly disabledReason: string | null;
  readonly by: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The end of a DAG, as the law wrote it. */
export interface DagEnd {
  readonly completedTasks: number;
  readonly failedTasks: number;
  readonly skippedTasks: number;
  readonly cancelledTasks: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly reason: DagReason | null;
}

/** Something that is to be told, as it is kept until its deliveries are written. */
export interface EndNotice {
  readonly dag: DagId;
  readonly event: NoticeEvent;
  readonly at: number;
  readonly end: DagEnd;
}

/** The DAG that an event is about. Times in milliseconds since 1970. */
export interface NoticeDag {
  readonly dagId: DagId;
  readonly name: string;
  readonly tags: readonly string[];
  readonly status: string;
  readonly totalTasks: number;
  readonly createdAt: number;
  readonly lateAt: number | null;
  readonly end: DagEnd;
}

/** The dead letter that an event is about. */
export interface NoticeLetter {
  readonly letterId: string;
  readonly kind: string;
  readonly taskId: string | null;
  readonly taskName: string | null;
  readonly type: string | null;
  readonly error: string | null;
}

/** An event with all that is told of it. */
export interface Notice {
  readonly event: ToldEvent;
  readonly at: number;
  /** Null for a record that can't be decoded, and for a test. */
  readonly dag: NoticeDag | null;
  readonly letter: NoticeLetter | null;
}

/** Whether a text is of a pattern in which `*` stands for any characters; in the time of their lengths' product at most. */
export const isLike = (text: string, pattern: string): boolean => {
  let [at, in_] = [0, 0];
  let star: { readonly after: number; from: number } | undefined;
  while (at < text.length) {
    if (pattern[in_] === '*') {
      in_ += 1;
      star = { after: in_, from: at };
    } else if (pattern[in_] === text[at]) {
      at += 1;
      in_ += 1;
    } else if (star !== undefined) {
      // The star takes one character more, and what comes after it is tried again.
      star.from += 1;
      at = star.from;
      in_ = star.after;
    } else return false;
  }
  while (pattern[in_] === '*') in_ += 1;
  return in_ === pattern.length;
};

/** Whether a host may be asked: one of the patterns, with or without the port; any where there are none. */
export const isHostAllowed = ({ host, hostname }: { readonly host: string; readonly hostname: string }, allowed: readonly string[]): boolean =>
  allowed.length === 0 || allowed.some((pattern) => isLike(hostname, pattern.toLowerCase()) || isLike(host, pattern.toLowerCase()));

/** Whether a filter lets an event pass. What is about no DAG passes filters that ask nothing of one. */
export const isWanted = ({ events, dagName, tags }: NoticeFilter, { event, dag }: Pick<Notice, 'event' | 'dag'>): boolean => {
  if (event === 'TEST' || !events.includes(event)) return false;
  if (dag === null) return dagName === null && tags.length === 0;
  return (dagName === null || isLike(dag.name, dagName)) && (tags.length === 0 || tags.some((tag) => dag.tags.includes(tag)));
};
