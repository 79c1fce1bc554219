/** The rows of gates: few, read as a whole by every scheduler each second, and changed only by compare and set. */
import type { Gate, GateKey, GateState } from '../core/gates';

export interface Pause extends GateKey {
  readonly reason: string | null;
  readonly by: string | null;
  /** Milliseconds since 1970; null for until it is resumed. */
  readonly until: number | null;
  readonly now: number;
}

export interface Quarantine {
  readonly type: string;
  /** The trips of the quarantine in force that this follows; 0 for none. */
  readonly trips: number;
  readonly reason: string;
  readonly until: number;
  readonly now: number;
}

export interface Ending extends GateKey {
  readonly state: GateState;
  /** Only where the row's trips are still these; undefined for whatever they are. */
  readonly trips?: number;
  /** Who ends it; undefined for nobody. */
  readonly by?: string | null;
  readonly now: number;
}

/** Each change is a line in the history of the DAGs that the gate stands before. */
export interface GateStore {
  /** All rows, those that ended lately too; ordered by scope, name and state. */
  gates(): Promise<Gate[]>;
  /** Pauses, or changes the pause in force, and answers it; `changed` is false where all of it was so already. */
  pause(pause: Pause): Promise<{ readonly gate: Gate; readonly changed: boolean }>;
  /** Puts a type in quarantine; undefined where another scheduler was faster. */
  quarantine(quarantine: Quarantine): Promise<Gate | undefined>;
  /** Ends a gate that is in force; undefined where none is, or another one. */
  end(ending: Ending): Promise<Gate | undefined>;
  /** Forgets what ended before this time, and lines of history that are older than the second. */
  forget(beforeMs: number, linesBeforeMs: number): Promise<void>;
}
