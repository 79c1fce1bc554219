/** Replays and discards dead letters: one, or many by a filter. A replay is a retry of the task with its downstream. */
import type { Command } from '../core/command';
import { parseDagId } from '../core/ids';
import { refusal } from '../core/refusal';
import type { Clock } from '../ports/clock';
import {
  replayKeyOf,
  type DeadLetterDetail,
  type DeadLetterFilter,
  type DeadLetterStore,
  type DeadLetterView,
  type DeadLetterViews,
} from '../ports/letters';
import type { CommandStore, NewCommand } from '../ports/store';
import { timeOf, type Bodies, type LetterFilterBody, type Who } from './bodies';
import { refuseOrAnswer, type Asking } from './commands';
import type { Requested, Requester } from './requester';
import { DEFAULT_RATE_PER_SECOND, MOST_LETTERS_AT_ONCE } from './schemas';

export interface LettersNeeds {
  readonly views: Pick<DeadLetterViews, 'letters' | 'letter'>;
  readonly letters: Pick<DeadLetterStore, 'discard'>;
  readonly commands: Pick<CommandStore, 'freeRefusedKeys'>;
  readonly requester: Requester;
  readonly clock: Pick<Clock, 'now'>;
  readonly jsonText: (value: unknown, path: string) => string | null;
}

/** What a bulk request came to. `more`: there were more letters than one request takes. */
export interface BulkReplay {
  readonly letters: number;
  /** Those of them that an earlier request had asked to replay already. */
  readonly repeated: number;
  /** When the last one starts, in milliseconds since 1970; null for none. */
  readonly lastAt: number | null;
  readonly more: boolean;
}
export interface BulkDiscard {
  readonly letters: number;
  readonly more: boolean;
}

/** Every call rejects with refusals and with the store's failures. */
export interface Letters {
  /** Runs the task of a letter again; undefined where that was done before. */
  replay(id: string, body: Bodies['ReplayBody'], asking: Asking): Promise<Requested | undefined>;
  discard(id: string, body: Who): Promise<void>;
  replayAll(body: Bodies['BulkReplayBody'], key: string | null): Promise<BulkReplay>;
  discardAll(body: Bodies['BulkDiscardBody']): Promise<BulkDiscard>;
}

const PAGE = 500;
/** Of one statement. */
const PAGE_CHARACTERS = 4_000_000;

const pageOf = (command: Command): number => {
  const characters = 'payload' in command ? (command.payload?.length ?? 0) : 0;
  return Math.max(1, Math.min(PAGE, Math.floor(PAGE_CHARACTERS / Math.max(1, characters))));
};
const LETTER_ID = /^\d{1,19}$/;

const filterOf = (body: LetterFilterBody): DeadLetterFilter => {
  const dag = body.dagId ? parseDagId(body.dagId) : undefined;
  const [failedAfter, failedBefore] = [timeOf(body.failedAfter), timeOf(body.failedBefore)];
  return {
    state: ['OPEN'],
    ...(body.kind ? { kind: body.kind } : {}),
    ...(body.type ? { type: body.type } : {}),
    ...(dag === undefined ? {} : { dag }),
    ...(body.dagName ? { dagName: body.dagName } : {}),
    ...(body.taskName ? { taskName: body.taskName } : {}),
    ...(failedAfter === undefined ? {} : { failedAfter }),
    ...(failedBefore === undefined ? {} : { failedBefore }),
  };
};

/** Makes the replay and discard of letters. */
export const createLetters = ({ views, letters, commands, requester, clock, jsonText }: LettersNeeds): Letters => {
  const find = async (id: string): Promise<DeadLetterDetail> => {
    const letter = LETTER_ID.test(id) ? await views.letter(id) : undefined;
    if (letter === undefined) throw refusal('LETTER_NOT_FOUND', `no dead letter ${id.slice(0, 40)}`);
    return letter;
  };

  const closed = ({ state, settledAt, settledBy }: DeadLetterView): Error => {
    const when = settledAt === null ? '' : ` at ${new Date(settledAt).toISOString()}`;
    const what = state === 'REPLAYED' ? 'its task was run again' : 'it was discarded';
    return refusal('LETTER_CLOSED', `${what}${when}${settledBy === null ? '' : ` by ${settledBy}`}`);
  };

  /** Open letters that fit, newest first, and whether there are more than one request takes. */
  const fitting = async (filter: DeadLetterFilter): Promise<{ found: DeadLetterView[]; more: boolean }> => {
    const found: DeadLetterView[] = [];
    for (;;) {
      const page = await views.letters(filter, PAGE, found.at(-1)?.id);
      found.push(...page);
      if (page.length < PAGE) return { found, more: false };
      if (found.length >= MOST_LETTERS_AT_ONCE) return { found, more: true };
    }
  };

  /** The retry of any task: what is common to all is written out once. */
  const retryWith = (body: { readonly payload?: unknown }): ((task: number) => Command) => {
    const common = {
      kind: 'retry',
      downstream: true,
      ...(body.payload === undefined ? {} : { payload: jsonText(body.payload, 'payload') }),
    } as const;
    return (task) => ({ ...common, tasks: [task] });
  };

  return {
    replay: async (id, body, { key, signal }) => {
      const letter = await find(id);
      if (letter.task === null) throw refusal('LETTER_CLOSED', "it is a record that can't be decoded: there is no task to run again");
      if (letter.state === 'REPLAYED') return undefined;
      if (letter.state === 'DISCARDED') throw closed(letter);
      const { dag, task } = letter.task.ref;
      const command = { dag, command: retryWith(body)(task), by: body.by ?? null, reason: body.reason ?? null, notBefore: null, key };
      return refuseOrAnswer(await requester.request(command, signal));
    },
    discard: async (id, { by }) => {
      const letter = await find(id);
      if (letter.state === 'REPLAYED') throw closed(letter);
      if (letter.state === 'DISCARDED' || (await letters.discard([id], by ?? null)) > 0) return;
      if ((await find(id)).state === 'OPEN') throw refusal('LETTER_CLOSED', 'its replay is due: cancel its task instead');
    },
    replayAll: async (body, key) => {
      const { found, more } = await fitting(filterOf(body.filter));
      const now = clock.now();
      const everyMs = 1000 / (body.ratePerSecond ?? DEFAULT_RATE_PER_SECOND);
      const retryOf = retryWith(body);
      const replays = found.flatMap(({ id, task }): Omit<NewCommand, 'notBefore'>[] => {
        if (task === null) return [];
        // A letter that waits for its turn is asked for once, however often the filter is sent.
        const own = replayKeyOf(id, key);
        return [{ dag: task.ref.dag, command: retryOf(task.ref.task), by: body.by ?? null, reason: body.reason ?? null, key: own }];
      });
      let repeated = 0;
      const page = pageOf(retryOf(0));
      for (let from = 0; from < replays.length; from += page) {
        const part = replays.slice(from, from + page).map((command, i) => {
          const waitMs = Math.floor((from + i) * everyMs);
          return { ...command, notBefore: waitMs === 0 ? null : now + waitMs };
        });
        // Without a key of the client's nobody asks again for what was refused before, but for what is to be done now.
        if (key === null) await commands.freeRefusedKeys(part);
        repeated += (await requester.requestAll(part)).filter((one) => one.repeated).length;
      }
      const lastAt = replays.length === 0 ? null : now + Math.floor((replays.length - 1) * everyMs);
      return { letters: replays.length, repeated, lastAt, more };
    },
    discardAll: async (body) => {
      const { found, more } = await fitting(filterOf(body.filter));
      let discarded = 0;
      for (let from = 0; from < found.length; from += PAGE) {
        const ids = found.slice(from, from + PAGE).map(({ id }) => id);
        discarded += await letters.discard(ids, body.by ?? null);
      }
      return { letters: discarded, more };
    },
  };
};
