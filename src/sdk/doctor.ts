/** The audit of a live system, as typed calls. */
import type { WhoOptions } from './control';
import type { ApiRequest } from './requests';
import type { DoctorRepair, DoctorReport } from './responses';

export interface DoctorCalls {
  /** Looks twice, some seconds apart: what is there both times is told. */
  doctor(): Promise<DoctorReport>;
  /** Looks, and does something about what it finds; about all of it where no checks are named. Who asks and why is kept. */
  repair(checks?: readonly string[], who?: Pick<WhoOptions, 'by' | 'reason'>): Promise<DoctorRepair>;
}

/** Two looks at a large system take a while. */
const EXTRA_MS = 60_000;

/** The calls, over whatever sends requests. */
export const doctorCalls = (call: <T>(request: ApiRequest) => Promise<T>): DoctorCalls => ({
  doctor: () => call({ path: 'api/v1/doctor', extraMs: EXTRA_MS }),
  repair: (checks, who = {}) =>
    call({ method: 'POST', path: 'api/v1/doctor/repair', body: { ...(checks && { checks }), ...who }, extraMs: EXTRA_MS }),
});
