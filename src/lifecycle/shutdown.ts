/** Leaving in two gears. */
import { within, type Timing } from './timing';

/** What `process` offers of signals. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

export interface ShutdownNeeds {
  readonly signals: SignalSource;
  readonly clock: Pick<Timing, 'after'>;
  /** How long the first gear may take, in milliseconds. */
  readonly graceMs: number;
  /** First gear: take nothing new, let what runs finish, give the rest back. */
  stop(): Promise<void>;
  /** Second gear and the end of both: ends the process with this code. */
  leave(code: number): void;
  /** Told of each step, for the log. */
  onStep(step: 'stopping' | 'stopped' | 'failed' | 'late' | 'forced', cause: unknown): void;
}

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * The first SIGTERM or SIGINT stops gracefully and then leaves with code 0 (1 when stopping failed or took longer than
 * `graceMs`); the second leaves at once. The answer takes the listeners away again, and `request` shifts into the first gear
 * without a signal.
 */
export const shutdownInTwoGears = ({
  signals,
  clock,
  graceMs,
  stop,
  leave,
  onStep,
}: ShutdownNeeds): { request(cause: string): void; dispose(): void } => {
  let gear: 'none' | 'first' | 'left' = 'none';

  const leaveOnce = (code: number, step: 'stopped' | 'failed' | 'late' | 'forced', cause: unknown): void => {
    if (gear === 'left') return;
    gear = 'left';
    onStep(step, cause);
    leave(code);
  };
  const request = (cause: string): void => {
    if (gear !== 'none') return;
    gear = 'first';
    onStep('stopping', cause);
    const late = new Error(`stopping took longer than ${String(graceMs)} ms`);
    within(clock, graceMs, Promise.resolve().then(stop), () => late).then(
      () => {
        leaveOnce(0, 'stopped', cause);
      },
      (error: unknown) => {
        leaveOnce(1, error === late ? 'late' : 'failed', error);
      },
    );
  };
  const hear = (signal: 'SIGTERM' | 'SIGINT') => (): void => {
    if (gear === 'none') request(signal);
    else leaveOnce(CODES[signal], 'forced', signal);
  };
  const hearTerm = hear('SIGTERM');
  const hearInt = hear('SIGINT');
  signals.on('SIGTERM', hearTerm);
  signals.on('SIGINT', hearInt);
  return {
    request,
    dispose: () => {
      signals.off('SIGTERM', hearTerm);
      signals.off('SIGINT', hearInt);
    },
  };
};
