/** Processes that nobody here started directly: found by what their command line says. */
import { readdirSync, readFileSync } from 'node:fs';

/** What a process was started with; nothing where it has gone. */
export const argumentsOf = (pid: number): readonly string[] => {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
      .split('\0')
      .slice(0, -1);
  } catch {
    return [];
  }
};

/** Live processes one of whose arguments begins with this text: choose one that nobody else has. */
export const processesWith = (text: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && argumentsOf(pid).some((argument) => argument.startsWith(text)));
