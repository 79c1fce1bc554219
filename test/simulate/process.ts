/**
 * A process of the simulation: real code whose every continuation comes through one of two lanes. Stopped, its lanes hold
 * what comes; dead, they drop it, so that nothing it awaits ever resolves and nothing it calls has any effect.
 */
import type { Clock } from '../../src/ports/clock';
import type { Random } from './random';
import type { Timeline } from './timeline';

type Kind = 'timer' | 'answer';

/** What was sent and has not arrived yet: a process that is stopped may not have sent it after all. */
export interface Sending {
  readonly send: () => void;
  cancel: () => void;
}

/** The main loop of a process, or its heartbeat's thread. */
export interface Lane {
  readonly process: Process;
  /** Runs `act` as a turn of its own, now or when the process runs again. */
  turn(kind: Kind, act: () => void): void;
  readonly clock: Clock;
}

export interface Process {
  readonly name: string;
  /** Unique over all processes of a run: a restarted one is another. */
  readonly id: string;
  readonly main: Lane;
  readonly thread: Lane;
  isAlive(): boolean;
  isStopped(): boolean;
  /** SIGSTOP: also what it sent last may not have left it. */
  stop(): void;
  /** SIGCONT. */
  resume(): void;
  /** The main loop is held by code that doesn't give it back; the thread goes on. */
  stall(): void;
  unstall(): void;
  /** SIGKILL. */
  crash(): void;
  /** Hands something over to the network. */
  sending(send: () => void, cancel: () => void): Sending;
  arrived(sending: Sending): void;
}

export interface ProcessNeeds {
  readonly name: string;
  readonly id: string;
  readonly timeline: Timeline;
  readonly random: Random;
  /** Milliseconds since 1970 at the timeline's start, by this process's clock. */
  readonly startMs: number;
  readonly onCrash: () => void;
}

interface Waiting {
  readonly kind: Kind;
  readonly act: () => void;
}

const orders: readonly ((one: Waiting, other: Waiting) => number)[] = [
  () => 0,
  (one, other) => Number(one.kind === 'answer') - Number(other.kind === 'answer'),
  (one, other) => Number(one.kind === 'timer') - Number(other.kind === 'timer'),
];

export const createProcess = ({ name, id, timeline, random, startMs, onCrash }: ProcessNeeds): Process => {
  let alive = true;
  let stopped = false;
  let outgoing: Sending[] = [];
  let held: Sending[] = [];

  const createLane = (isStalled: () => boolean): Lane & { release(): void } => {
    let backlog: Waiting[] = [];
    const go = (act: () => void): void => {
      timeline.stirred();
      act();
    };
    const turn = (kind: Kind, act: () => void): void => {
      if (!alive) return;
      if (stopped || isStalled()) backlog.push({ kind, act });
      else go(act);
    };
    return {
      get process() {
        return process;
      },
      turn,
      release: () => {
        const waiting = backlog.sort(random.pick(orders));
        backlog = [];
        for (const { kind, act } of waiting) timeline.after(0, () => turn(kind, act));
      },
      clock: {
        now: () => Math.floor(startMs + timeline.now()),
        monotonic: () => timeline.now(),
        random: () => random.next(),
        after: (ms, then) => {
          let cancelled = false;
          const cancel = timeline.after(ms, () => {
            turn('timer', () => {
              if (!cancelled) then();
            });
          });
          return () => {
            cancelled = true;
            cancel();
          };
        },
      },
    };
  };

  let stalled = false;
  const main = createLane(() => stalled);
  const thread = createLane(() => false);

  /** The last of what was sent, from a point of chance on, in the order of its sending. */
  const takeUnsent = (): Sending[] => {
    const from = random.whole(0, outgoing.length);
    const unsent = outgoing.slice(from);
    outgoing = outgoing.slice(0, from);
    for (const { cancel } of unsent) cancel();
    return unsent;
  };

  const process: Process = {
    name,
    id,
    main,
    thread,
    isAlive: () => alive,
    isStopped: () => stopped,
    stop: () => {
      if (!alive || stopped) return;
      stopped = true;
      held = takeUnsent();
    },
    resume: () => {
      if (!alive || !stopped) return;
      stopped = false;
      const sendings = held;
      held = [];
      for (const { send } of sendings) send();
      // Either of the two threads may be the first to run again.
      for (const lane of random.chance(0.5) ? [thread, main] : [main, thread]) lane.release();
    },
    stall: () => {
      stalled = true;
    },
    unstall: () => {
      stalled = false;
      if (alive && !stopped) main.release();
    },
    crash: () => {
      if (!alive) return;
      takeUnsent();
      alive = false;
      onCrash();
    },
    sending: (send, cancel) => {
      const sending: Sending = { send, cancel };
      outgoing.push(sending);
      return sending;
    },
    arrived: (sending) => {
      const at = outgoing.indexOf(sending);
      if (at >= 0) outgoing.splice(at, 1);
    },
  };
  return process;
};
