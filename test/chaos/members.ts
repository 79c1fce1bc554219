/** The processes of the fleet under test: each can be killed, suspended and started anew under its name. */
import path from 'node:path';
import { projectRoot, type RunningRole, startRole } from '../harness/processes';
import { until } from '../harness/until';

export type Env = Readonly<Record<string, string>>;

export interface Member {
  readonly name: string;
  readonly role: 'scheduler' | 'worker';
  url(): string;
  pid(): number;
  /** Lines of its log so far, over all its lives; at level warn only. */
  lines(): string[];
  start(): Promise<void>;
  kill(): Promise<void>;
  suspend(): void;
  resume(): void;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  health(): Promise<Health>;
  /** The value of a metric, summed over its labels that contain `label`. */
  metric(name: string, label?: string): Promise<number>;
  /** It is running: neither killed nor ended by itself. */
  isAlive(): boolean;
}

export interface Health {
  readonly status: string;
  readonly components: Readonly<Record<string, { readonly status: string; readonly error?: string }>>;
}

export interface MemberSettings {
  readonly name: string;
  readonly role: 'scheduler' | 'worker';
  readonly env: Env;
  /** Called when it has ended, in whatever way. */
  readonly onEnd?: () => Promise<void>;
}

const READY_MS = 60_000;

const ask = async (url: string): Promise<Response> => fetch(url, { signal: AbortSignal.timeout(3_000) });

/** A process of the program that isn't started yet. */
export const createMember = ({ name, role, env, onEnd }: MemberSettings): Member => {
  const before: string[] = [];
  let running: RunningRole | undefined;
  let alive = false;

  const linesOf = (one: RunningRole | undefined): string[] => (one === undefined ? [] : one.output().split('\n').filter(Boolean));
  const current = (): RunningRole => {
    if (running === undefined) throw new Error(`${name} was never started`);
    return running;
  };
  const start = async (): Promise<void> => {
    before.push(...linesOf(running));
    const args = role === 'worker' ? [`--worker-id=${name}`] : [];
    const own: RunningRole = await startRole({ role, args, env, readyMs: READY_MS });
    running = own;
    alive = true;
    void own.exited.then(async () => {
      if (running === own) alive = false;
      await onEnd?.();
    });
  };
  return {
    name,
    role,
    start,
    url: () => current().url,
    pid: () => current().pid,
    isAlive: () => alive,
    lines: () => [...before, ...linesOf(running)],
    kill: async () => {
      await current().kill();
      alive = false;
      await onEnd?.();
    },
    suspend: () => {
      current().suspend();
    },
    resume: () => {
      current().resume();
    },
    stop: async () => {
      await current().terminate();
    },
    health: async () => {
      if (!alive) throw new Error(`${name} has ended, with the words\n${linesOf(running).slice(-8).join('\n')}`);
      return (await (await ask(`${current().url}/api/v1/health`)).json()) as Health;
    },
    metric: async (metric, label = '') => {
      const text = await (await ask(`${current().url}/actuator/prometheus`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
      return lines.filter((line) => line.includes(label)).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
  };
};

/** Resolves when a member's health names `component` as down, with the reason that it gives. */
export const untilDown = async (member: Member, component: string, timeoutMs = 10_000): Promise<string> =>
  until(
    async () => {
      const { status, components } = await member.health();
      const { status: state, error } = components[component] ?? {};
      return status === 'DOWN' && state === 'DOWN' && error !== undefined && error !== '' ? error : undefined;
    },
    { what: `${member.name}'s health to say why ${component} is down`, timeoutMs, everyMs: 200 },
  );

/** Resolves when a member's health is all UP. */
export const untilUp = async (member: Member, timeoutMs = 30_000): Promise<void> => {
  await until(async () => (await member.health()).status === 'UP', { what: `${member.name} to be well`, timeoutMs, everyMs: 100 });
};

/** The handler of all tasks of the chaos tests. */
export const EFFECT_MODULE = path.join(projectRoot, 'test/chaos/effect.cjs');
