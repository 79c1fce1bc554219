/** What Linux tells of processes in /proc: their processor time, their memory, and who listens on a port. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second, whatever the kernel's own clock. */
const MS_PER_TICK = 10;
const LISTENING = '0A';

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

interface Usage {
  readonly parent: number;
  readonly own: number;
  /** What children that have ended had used. */
  readonly ended: number;
}

/** See proc(5), /proc/pid/stat; the name before the last parenthesis may have blanks. */
const usageOf = (pid: number): Usage | undefined => {
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  if (fields === undefined) return undefined;
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { parent: fields[1] ?? 0, own: utime + stime, ended: cutime + cstime };
};

/** Megabytes in a line of /proc/pid/status. */
const megabytesIn = (pid: number, line: RegExp): number | undefined => {
  const kilobytes = line.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
};

/** The most memory that a process had at once, in MB; undefined where the system doesn't tell. */
export const peakOf = (pid: number): number | undefined => megabytesIn(pid, /^VmHWM:\s+(\d+) kB/m);

/** The memory that it has now, in MB. */
export const memoryOf = (pid: number): number | undefined => megabytesIn(pid, /^VmRSS:\s+(\d+) kB/m);

/** The processor time that a process has used so far, in ms; undefined where the system doesn't tell. */
export const cpuOf = (pid: number): number | undefined => {
  const own = usageOf(pid)?.own;
  return own === undefined ? undefined : own * MS_PER_TICK;
};

/** The same of a process and all of its children, also of those that have ended. */
export const cpuOfFamily = (root: number): number => {
  const usages = new Map(processes().flatMap((pid) => [[pid, usageOf(pid)] as const]));
  const isBelow = (pid: number): boolean => {
    for (let at = usages.get(pid), of = pid; at !== undefined; of = at.parent, at = usages.get(of)) if (of === root) return true;
    return false;
  };
  let ticks = 0;
  for (const [pid, usage] of usages) if (usage !== undefined && isBelow(pid)) ticks += usage.own + usage.ended;
  return ticks * MS_PER_TICK;
};

const socketsListeningOn = (port: number): Set<string> => {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = ['tcp', 'tcp6'].flatMap((kind) => read(`/proc/net/${kind}`)?.split('\n').slice(1) ?? []);
  const sockets = lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    return state === LISTENING && local.endsWith(`:${hex}`) ? [`socket:[${inode}]`] : [];
  });
  return new Set(sockets);
};

const holds = (pid: number, sockets: ReadonlySet<string>): boolean => {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => {
      try {
        return sockets.has(readlinkSync(`${folder}/${name}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
};

/** The process on this machine that listens on a port, the eldest where several share it; undefined where none may be seen. */
export const listenerOn = (port: number): number | undefined => {
  const sockets = socketsListeningOn(port);
  return processes()
    .filter((pid) => holds(pid, sockets))
    .sort((a, b) => a - b)[0];
};
