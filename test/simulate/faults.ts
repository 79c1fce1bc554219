/** What goes wrong in a run: drawn from its seed, done to the cluster, and healed. */
import type { Cluster, Running } from './cluster';
import { heal } from './network';
import type { ServiceName } from './network';
import type { Random } from './random';

export const FAULTS = [
  'worker crashes',
  'worker stops briefly',
  'worker stops past its lease',
  'worker stalls',
  'worker leaves',
  'worker is cut off',
  'scheduler crashes',
  'scheduler stops briefly',
  'scheduler stops past its lease',
  'scheduler leaves',
  'scheduler is cut off',
  'postgres refuses',
  'postgres hangs',
  'postgres is slow',
  'postgres loses answers',
  'kafka refuses',
  'kafka hangs',
  'kafka is slow',
  'kafka loses answers',
  'kafka doubles',
  'topics are made again',
  'orders are lost',
  'orders are doubled',
  'orders are late',
  'redis refuses',
  'redis hangs',
  'redis loses answers',
  'redis forgets',
] as const;
export type FaultKind = (typeof FAULTS)[number];

/**
 * Between the deletion of a topic and its next existence passes a second at least, as it does with Kafka's own tools. Readers rely on
 * it: they compare their positions after such a silence.
 */
export const ABSENT_MS = 1200;

export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly forMs: number;
  /** Which of the processes, counted from 0. */
  readonly target: number;
}

export const drawFaults = (random: Random, withinMs: number): Fault[] =>
  Array.from({ length: random.whole(4, 9) }, () => {
    const kind = random.pick(FAULTS);
    const long = kind.includes('past its lease');
    return {
      kind,
      atMs: random.between(0, withinMs),
      forMs: Math.max(long ? random.between(3500, 7000) : random.between(100, 2500), kind === 'topics are made again' ? ABSENT_MS : 0),
      target: random.whole(0, 5),
    };
  }).sort((a, b) => a.atMs - b.atMs);

const targetOf = (kind: 'scheduler' | 'worker', fault: Fault, count: number): string => `${kind}-${String(fault.target % count)}`;

/** Starts a process and its successor: whoever dies comes back after a while. */
export const keepAlive = (cluster: Cluster, random: Random, kind: 'scheduler' | 'worker', name: string): void => {
  const running = cluster.start(kind, name);
  const watch = (): void => {
    if (running.process.isAlive()) cluster.timeline.after(100, watch);
    else cluster.timeline.after(random.between(50, 2500), () => keepAlive(cluster, random, kind, name));
  };
  cluster.timeline.after(100, watch);
};

const leave = ({ process, service }: Running): void => {
  process.main.turn('answer', () => {
    const end = (): void => process.crash();
    service.stop().then(end, end);
  });
  // Whoever asked it to leave doesn't wait for ever.
  process.main.clock.after(8000, () => process.crash());
};

const onProcess = (cluster: Cluster, running: Running, fault: Fault): (() => void) => {
  const { process } = running;
  const say = (what: 'stopped' | 'resumed' | 'stalled' | 'unstalled' | 'left'): void =>
    cluster.history.add({ kind: 'process', process: process.id, what });
  if (fault.kind.endsWith('crashes')) {
    process.crash();
    return () => undefined;
  }
  if (fault.kind.endsWith('leaves')) {
    say('left');
    leave(running);
    return () => undefined;
  }
  if (fault.kind.endsWith('stalls')) {
    say('stalled');
    process.stall();
    return () => {
      say('unstalled');
      process.unstall();
    };
  }
  say('stopped');
  process.stop();
  return () => {
    if (!process.isAlive()) return;
    say('resumed');
    process.resume();
  };
};

const onService = (cluster: Cluster, fault: Fault): (() => void) => {
  const [name, ...rest] = fault.kind.split(' ') as [ServiceName, ...string[]];
  const service = cluster.services[name];
  const what = rest.join(' ');
  if (what === 'refuses' || what === 'hangs') service.health = what;
  else if (what === 'is slow') service.slowMs = 600;
  else if (what === 'doubles') service.doublesCalls = 0.3;
  else service.losesAnswers = 0.4;
  return () => heal(service);
};

const SHARE = 0.4;

/** Begins a fault; the answer ends it. */
const begin = (cluster: Cluster, fault: Fault, shape: { readonly schedulers: number; readonly workers: number }): (() => void) => {
  const { kind } = fault;
  const [first] = kind.split(' ');
  if (first === 'worker' || first === 'scheduler') {
    const name = targetOf(first, fault, first === 'worker' ? shape.workers : shape.schedulers);
    if (kind.endsWith('cut off')) {
      const services = Object.values(cluster.services).filter((_, i) => fault.target % 2 === 0 || i === fault.target % 3);
      for (const { cutOff } of services) cutOff.add(name);
      return () => {
        for (const { cutOff } of services) cutOff.delete(name);
      };
    }
    const running = cluster.find(name);
    return running?.process.isAlive() === true && !running.process.isStopped() ? onProcess(cluster, running, fault) : () => undefined;
  }
  if (kind === 'redis forgets') cluster.redis.flush();
  else if (kind === 'topics are made again') {
    for (const topic of [cluster.events, cluster.queue]) topic.delete();
    return () => {
      for (const topic of [cluster.events, cluster.queue]) topic.make();
    };
  } else if (first === 'orders') {
    const share = kind.split(' ')[2] as 'lost' | 'doubled' | 'late';
    cluster.orders[share] = SHARE;
    return () => {
      cluster.orders[share] = 0;
    };
  } else return onService(cluster, fault);
  return () => undefined;
};

/** Does all of it when its time comes; the answer tells when everything is healed. */
export const inject = (
  cluster: Cluster,
  faults: readonly Fault[],
  shape: { readonly schedulers: number; readonly workers: number },
): (() => boolean) => {
  let open = faults.length;
  for (const fault of faults)
    cluster.timeline.after(fault.atMs, () => {
      cluster.count(`fault: ${fault.kind}`);
      cluster.history.add({ kind: 'fault', fault: fault.kind, target: String(fault.target) });
      const end = begin(cluster, fault, shape);
      cluster.timeline.after(fault.forMs, () => {
        end();
        open -= 1;
        cluster.history.add({ kind: 'healed', fault: fault.kind, target: String(fault.target) });
      });
    });
  return () => open === 0;
};
