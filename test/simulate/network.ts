/** Calls from processes to services, and what can happen to them on the way. */
import type { Lane } from './process';
import type { Random } from './random';
import type { Timeline } from './timeline';

export type ServiceName = 'postgres' | 'kafka' | 'redis';

/** How a service is: it answers, refuses at once, or takes calls and does nothing before it is well again. */
export type Health = 'well' | 'refuses' | 'hangs';

export interface Service {
  readonly name: ServiceName;
  health: Health;
  /** Milliseconds added to every call and every answer. */
  slowMs: number;
  /** Shares of the calls that never arrive, whose answers never arrive, and that arrive twice. */
  losesCalls: number;
  losesAnswers: number;
  doublesCalls: number;
  /** Names of processes that can't reach it. */
  readonly cutOff: Set<string>;
  /** What arrived while it hung. */
  readonly waiting: (() => void)[];
}

export const createService = (name: ServiceName): Service => ({
  name,
  health: 'well',
  slowMs: 0,
  losesCalls: 0,
  losesAnswers: 0,
  doublesCalls: 0,
  cutOff: new Set(),
  waiting: [],
});

/** An answer that comes later than the call: `answer` may be called once, at any time. */
export type Later<T> = (answer: (value: T) => void) => void;

export interface CallOptions {
  readonly timeoutMs: number;
  readonly unavailable: (why: string) => Error;
}

export interface Connection {
  /** Runs `act` at the service and resolves with its answer; rejects with `unavailable` where none comes in time. */
  call<T>(act: () => T, options: CallOptions): Promise<T>;
  /** As `call`, for an act that keeps its caller waiting. */
  poll<T>(act: () => Later<T>, options: CallOptions): Promise<T>;
}

export interface ConnectionNeeds {
  readonly lane: Lane;
  readonly service: Service;
  readonly timeline: Timeline;
  readonly random: Random;
  /** Whether calls arrive in the order in which they were made. */
  readonly inOrder: boolean;
  readonly latencyMs: readonly [number, number];
  /** Told of what befell a call, to be counted. */
  readonly befell: (what: 'callLost' | 'answerLost' | 'callDoubled') => void;
}

type Outcome<T> = { readonly value: T } | { readonly error: Error };

export const createConnection = ({ lane, service, timeline, random, inOrder, latencyMs, befell }: ConnectionNeeds): Connection => {
  let lastArrival = 0;
  const latency = (): number => random.between(latencyMs[0], latencyMs[1]) + service.slowMs * random.next();
  const isCut = (): boolean => service.cutOff.has(lane.process.name);

  const travel = <T>(act: () => Later<Outcome<T>>, settle: (outcome: Outcome<T>) => void, unavailable: (why: string) => Error): void => {
    const answer = (outcome: Outcome<T>): void => {
      if (isCut() || (service.losesAnswers > 0 && random.chance(service.losesAnswers))) {
        befell('answerLost');
        return;
      }
      timeline.after(latency(), () => {
        settle(outcome);
      });
    };
    const arrive = (): void => {
      if (isCut() || (service.losesCalls > 0 && random.chance(service.losesCalls))) {
        befell('callLost');
        return;
      }
      if (service.health === 'refuses') answer({ error: unavailable(`${service.name} refuses`) });
      else if (service.health === 'hangs') service.waiting.push(arrive);
      else act()(answer);
    };
    const send = (): void => {
      const at = Math.max(timeline.now() + latency(), inOrder ? lastArrival : 0);
      lastArrival = Math.max(lastArrival, at);
      const cancel = timeline.after(at - timeline.now(), () => {
        lane.process.arrived(sending);
        arrive();
      });
      const sending = lane.process.sending(send, cancel);
      if (service.doublesCalls > 0 && random.chance(service.doublesCalls)) {
        befell('callDoubled');
        timeline.after(at - timeline.now() + random.between(0, 400), arrive);
      }
    };
    send();
  };

  const poll = <T>(act: () => Later<Outcome<T>>, { timeoutMs, unavailable }: CallOptions): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (!lane.process.isAlive()) return;
      let settled = false;
      const settle = (outcome: Outcome<T>): void => {
        lane.turn('answer', () => {
          if (settled) return;
          settled = true;
          cancel();
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.value);
        });
      };
      const cancel = lane.clock.after(timeoutMs, () => {
        settled = true;
        reject(unavailable(`no answer from ${service.name} within ${String(timeoutMs)} ms`));
      });
      travel(act, settle, unavailable);
    });

  return {
    call: (act, options) =>
      poll(
        () => (answer) => {
          try {
            answer({ value: act() });
          } catch (error) {
            answer({ error: error as Error });
          }
        },
        options,
      ),
    poll: (act, options) =>
      poll(
        () => (answer) => {
          act()((value) => {
            answer({ value });
          });
        },
        options,
      ),
  };
};

/** Back to well: what waited is done now, in its order. */
export const heal = (service: Service): void => {
  service.health = 'well';
  service.slowMs = 0;
  service.losesCalls = 0;
  service.losesAnswers = 0;
  service.doublesCalls = 0;
  for (const act of service.waiting.splice(0)) act();
};
