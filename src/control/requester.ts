/** Stores a command, tells the log of its DAG's shard, and waits a moment for its outcome. */
import type { CommandOutcome, Commanded } from '../core/command';
import { failure } from '../core/failure';
import { refusal } from '../core/refusal';
import { shardOf } from '../core/ids';
import { pause } from '../lifecycle/timing';
import type { Clock } from '../ports/clock';
import type { Announce, Listen } from '../ports/happenings';
import type { HistoryViews } from '../ports/history';
import type { CommandStore, NewCommand } from '../ports/store';
import type { EventLog } from '../ports/transport';

export interface RequesterNeeds {
  readonly commands: Pick<CommandStore, 'request' | 'commandOutcome'>;
  readonly views: Pick<HistoryViews, 'command'>;
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly announce: Announce;
  readonly listen: Listen;
  /** How long a request waits for its outcome. */
  readonly waitMs: number;
  /** How many requests may wait at once; further ones are refused as OVERLOADED before anything is stored. */
  readonly mostWaiting: number;
}

export interface Requested {
  /** Decimal text. */
  readonly id: string;
  /** Whether an earlier request with the same key had stored it already. */
  readonly repeated: boolean;
  /** Undefined where it isn't settled yet. */
  readonly outcome: CommandOutcome | undefined;
}

export interface Requester {
  /** Stores one command and waits for its outcome; `signal` ends the waiting. Rejects with the store's failures, with OVERLOADED, COMMAND_TOO_LARGE and KEY_REUSED. */
  request(command: NewCommand, signal: AbortSignal): Promise<Requested>;
  /** Waits for the outcome of a command that was stored before. */
  await(id: string, signal: AbortSignal): Promise<Requested>;
  /** Stores many, in the order given, and waits for none. */
  requestAll(commands: readonly NewCommand[]): Promise<readonly Pick<Requested, 'id' | 'repeated'>[]>;
}

/** A command travels in one record of its shard's log, of which every broker takes a megabyte. */
const LARGEST_BYTES = 900_000;

const mustFit = ({ command, reason, by }: NewCommand): void => {
  const bytes = Buffer.byteLength(JSON.stringify([command, reason, by]));
  if (bytes > LARGEST_BYTES)
    throw refusal('COMMAND_TOO_LARGE', `what is asked for comes to ${bytes} bytes, and ${LARGEST_BYTES} are the limit of one command`);
};

const FIRST_LOOK_MS = 50;
const LONGEST_LOOK_MS = 1000;

/** The outcomes that this process announces, by command. Another scheduler announces only to itself. */
const createOutcomes = (listen: Listen) => {
  const waiting = new Map<string, Set<(outcome: CommandOutcome) => void>>();
  listen('command.settled', (outcome) => {
    for (const settle of waiting.get(outcome.id) ?? []) settle(outcome);
  });
  return {
    count: () => waiting.size,
    /** Calls `settle` when the outcome is announced; the answer ends the waiting. */
    expect: (id: string, settle: (outcome: CommandOutcome) => void): (() => void) => {
      const all = waiting.get(id) ?? new Set();
      waiting.set(id, all.add(settle));
      return () => {
        all.delete(settle);
        if (all.size === 0) waiting.delete(id);
      };
    },
  };
};

/** Makes a requester. */
export const createRequester = ({ commands, views, log, clock, announce, listen, waitMs, mostWaiting }: RequesterNeeds): Requester => {
  const outcomes = createOutcomes(listen);

  /** A hint that gets lost costs a moment: pending commands are swept. */
  const hint = (told: readonly { readonly id: string; readonly command: NewCommand }[]): void => {
    const events = new Map<number, Commanded[]>();
    for (const { id, command } of told) {
      const shard = shardOf(command.dag);
      const { dag, by, reason } = command;
      events.set(shard, [...(events.get(shard) ?? []), { type: 'commanded', id, dag, command: command.command, by, reason }]);
    }
    if (events.size === 0) return;
    log.append(events).catch((error: unknown) => {
      announce('loop.failed', { loop: 'command', error });
    });
  };

  /** Looks in the store now and then, because the owner of the DAG may be another process. */
  const poll = async (id: string, over: AbortSignal): Promise<CommandOutcome | undefined> => {
    const end = clock.monotonic() + waitMs;
    let lookMs = FIRST_LOOK_MS;
    for (;;) {
      const left = end - clock.monotonic();
      await pause(clock, Math.max(0, Math.min(lookMs, left)), over);
      if (over.aborted) return undefined;
      // The command is stored: a store that is away now is no reason to say that it wasn't.
      const outcome = await commands.commandOutcome(id).catch(() => undefined);
      if (outcome !== undefined || left <= lookMs) return outcome;
      lookMs = Math.min(2 * lookMs, LONGEST_LOOK_MS);
    }
  };

  /** Waits for the announcement or for the store, whichever comes first. */
  const outcomeOf = async (id: string, begin: () => void, signal: AbortSignal): Promise<CommandOutcome | undefined> => {
    const over = new AbortController();
    let heard: CommandOutcome | undefined;
    const forget = outcomes.expect(id, (outcome) => {
      heard = outcome;
      over.abort('heard');
    });
    try {
      begin();
      return (await poll(id, AbortSignal.any([over.signal, signal]))) ?? heard;
    } finally {
      forget();
    }
  };

  /** A key stands for one command; what it was is compared, so that another one isn't taken for done. */
  const mustBeSame = async (id: string, { command }: NewCommand): Promise<void> => {
    const earlier = await views.command(id);
    if (earlier !== undefined && JSON.stringify(earlier.command) !== JSON.stringify(command))
      throw refusal('KEY_REUSED', `this Idempotency-Key came with another command before: ${id}`);
  };

  return {
    request: async (command, signal) => {
      mustFit(command);
      if (outcomes.count() >= mostWaiting) throw failure('OVERLOADED', `${mostWaiting} commands are waiting for their outcome already`);
      const [stored] = await commands.request([command]);
      const { id, repeated } = stored!;
      if (repeated) await mustBeSame(id, command);
      const known = repeated ? await commands.commandOutcome(id) : undefined;
      if (known !== undefined) return { id, repeated, outcome: known };
      const begin = (): void => {
        hint([{ id, command }]);
      };
      return { id, repeated, outcome: await outcomeOf(id, begin, signal) };
    },
    await: async (id, signal) => {
      const known = await commands.commandOutcome(id);
      return { id, repeated: true, outcome: known ?? (await outcomeOf(id, () => undefined, signal)) };
    },
    requestAll: async (all) => {
      all.forEach(mustFit);
      const stored = await commands.request(all);
      hint(stored.flatMap(({ id, repeated }, i) => (repeated || all[i]!.notBefore !== null ? [] : [{ id, command: all[i]! }])));
      return stored;
    },
  };
};
