/** The log: what the stages announce, as lines of JSON. */
import pino, { type DestinationStream, type Logger } from 'pino';
import type { Redaction } from '../core/redact';
import { rarely } from '../lifecycle/rarely';
import type { Clock } from '../ports/clock';
import type { Happenings, Listen } from '../ports/happenings';

export type { Logger } from 'pino';

export interface LogNeeds {
  /** 'trace' to 'fatal', or 'silent'. */
  readonly level: string;
  /** Which process speaks: role and id. */
  readonly role: string;
  readonly id: string;
  /** Keeps secrets out. */
  readonly redaction: Redaction;
  /** Standard output where none is given. */
  readonly destination?: DestinationStream;
}

/** As pino has errors, but without its prototype, which no copy keeps. */
const plainError = (error: unknown): unknown => (error instanceof Error ? { ...pino.stdSerializers.err(error), raw: undefined } : error);

/** Makes the log of a process. */
export const createLog = ({ level, role, id, redaction, destination }: LogNeeds): Logger =>
  pino(
    {
      level,
      base: { role, id },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (what) => redaction.value(what) as Record<string, unknown> },
      serializers: { error: (error: unknown) => redaction.value(plainError(error)) },
      hooks: {
        logMethod(given, method) {
          const masked = given.map((each: unknown) => (typeof each === 'string' ? redaction.text(each) : each));
          method.apply(this, masked as typeof given);
        },
      },
    },
    destination ?? pino.destination({ dest: 1, sync: false }),
  );

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** How loudly each happening is told. Those of single tasks are debug: at thousands a second they would be the load. */
const LEVELS: Readonly<Record<keyof Happenings, readonly [Level, string]>> = {
  'dag.admitted': ['debug', 'DAGs stored'],
  'submission.refused': ['debug', 'a submission was told to come again'],
  'dags.expired': ['info', 'DAGs that are kept no longer were removed'],
  'month.cut': ['info', 'tasks and attempts were divided: what is planned from then on can be dropped by itself'],
  'month.uncut': ['warn', 'tasks and attempts could not be divided, as later ones are there already: is the clock of a scheduler fast?'],
  'month.dropped': ['info', 'what no DAG is left of was dropped'],
  'month.cleared': ['info', 'rows of removed DAGs that waited for their month to be dropped were deleted'],
  'archive.ended': ['debug', 'an archive was stored, or could not be'],
  'archive.retried': ['debug', 'requests to the store of archives were tried again'],
  'dag.finished': ['debug', 'DAG finished'],
  'task.finished': ['trace', 'task finished'],
  'task.retrying': ['debug', 'task will be tried again'],
  'task.gaveUp': ['trace', 'task became a dead letter'],
  'task.copied': ['info', 'a second copy of a task was sent'],
  'copy.over': ['debug', 'a second copy of a task is over'],
  'task.lost': ['warn', 'task lost with its worker'],
  'task.recovered': ['debug', 'a lost task was sent again'],
  'event.refused': ['debug', 'event came too late'],
  'record.undecodable': ['trace', 'record kept as a dead letter'],
  'dispatch.sent': ['trace', 'tasks sent'],
  'task.limited': ['trace', 'task kept back by a limit'],
  'dispatch.revoked': ['debug', 'dispatches were taken away'],
  'dispatch.failed': ['warn', 'tasks could not be sent; they are sent again'],
  'command.settled': ['info', 'command settled'],
  'gate.shut': ['warn', 'a gate was shut: what stands behind it is not handed out'],
  'gate.opened': ['info', 'a gate was opened'],
  'limit.set': ['info', 'a limit was set'],
  'limit.removed': ['info', 'a limit was removed'],
  'subscription.changed': ['info', 'a subscription was changed'],
  'subscription.disabled': ['warn', 'a subscription was switched off: its receiver is gone'],
  'delivery.ended': ['debug', 'an attempt at a delivery is over'],
  'delivery.givenUp': ['warn', 'a delivery was given up; it can be made again by hand'],
  'execution.started': ['trace', 'execution started'],
  'execution.finished': ['debug', 'execution finished'],
  'batch.called': ['trace', 'batch called'],
  'lines.dropped': ['warn', 'lines of task logs were dropped: more came than may wait and leave (taskLogs.bufferBytes, taskLogs.bytesPerSecond)'],
  'execution.stuck': [
    'error',
    'a handler ignores its signal and keeps its slot: run its type in a thread or a process (worker.handlers, isolation), where it can be ended',
  ],
  'claim.answered': ['trace', 'claims answered'],
  'dispatch.repeated': ['trace', 'tasks were sent here twice'],
  'report.sent': ['trace', 'reports sent'],
  'commit.done': ['trace', 'committed'],
  'commit.failed': ['warn', 'commit failed; its shards are read again'],
  'shard.taken': ['info', 'shard taken'],
  'shard.dropped': ['info', 'shard dropped'],
  'worker.joined': ['info', 'worker joined'],
  'worker.asked': ['info', 'an operator asked something of a worker'],
  'worker.left': ['info', 'worker left'],
  'audit.done': ['debug', 'audit done'],
  'audit.repaired': ['info', 'what the doctor found was repaired'],
  'claims.freed': ['info', 'claims that dead sessions had left behind were given back'],
  'lead.changed': ['info', 'the lead among the schedulers changed'],
  'scaling.judged': ['trace', 'the autoscaler looked'],
  'scaling.decided': ['info', 'the autoscaler decided'],
  'schedule.fired': ['info', 'a time of a schedule came'],
  'schedules.counted': ['trace', 'schedules counted'],
  'connection.waited': ['trace', 'a database connection was waited for'],
  'connection.used': ['trace', 'a database connection was used'],
  'redis.called': ['trace', 'Redis was asked'],
  'kafka.answered': ['trace', 'Kafka answered'],
  'http.answered': ['debug', 'request answered'],
  'stream.dropped': ['debug', 'a client of the stream missed something'],
  'spans.over': ['trace', 'spans left, or were dropped'],
  'tracing.away': ['warn', 'spans can not be stored: they are dropped, and nothing waits for them'],
  'tracing.back': ['info', 'spans are stored again'],
  'loop.failed': ['warn', 'a step failed; it is tried again'],
  'dependency.waiting': ['warn', 'waiting for a service'],
  'dependency.ready': ['info', 'service is ready'],
};

const write = (log: Logger, name: keyof Happenings, what: object): void => {
  const [level, sentence] = LEVELS[name];
  log[level]({ event: name, ...what }, sentence);
};

/** What repeats many times a second while a service is away, or each second while a handler floods its log. */
const REPEATED: ReadonlySet<keyof Happenings> = new Set(['loop.failed', 'commit.failed', 'dispatch.failed', 'lines.dropped']);
const TELL_AGAIN_MS = 15_000;

interface Repeatable {
  readonly loop?: string;
  readonly error?: unknown;
}

/** The same failure of the same step: a driver's text may differ from try to try, its code doesn't. */
const sameness = (name: string, { loop, error }: Repeatable): string => {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; message?: unknown };
  return `${name} ${loop ?? ''} ${String(code ?? message ?? error)}`;
};

/** Writes each happening to the log at its level; a failure that repeats once in 15 s, with how often it was kept back. */
export const logHappenings = (log: Logger, listen: Listen, clock: Pick<Clock, 'monotonic'>): void => {
  const tell = rarely(clock, TELL_AGAIN_MS);
  for (const name of Object.keys(LEVELS) as (keyof Happenings)[]) {
    // A level that is off costs nothing, not even a listener.
    if (log.isLevelEnabled(LEVELS[name][0]))
      listen(name, (what: object) => {
        const keptBack = REPEATED.has(name) ? tell(sameness(name, what)) : 0;
        if (keptBack !== undefined) write(log, name, keptBack === 0 ? what : { ...what, keptBack });
      });
  }
};
