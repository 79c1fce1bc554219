/** What `dts` leaves with; 70 is EX_SOFTWARE of sysexits(3). */
export const EXIT = { ok: 0, dagFailed: 1, findings: 1, usage: 2, notFound: 3, refused: 4, unreachable: 5, internal: 70 } as const;

export const EXIT_CODES_HELP = `
Exit codes: 0 done; 1 the DAG that was waited for didn't complete, or the doctor found something; 2 wrong usage or an unreadable file; 3 not found;
4 the server refused; 5 no answer from the server; 70 a fault of dts itself.`;

/** The caller's mistake: a file that can't be read or isn't what it should be. */
export interface UsageError extends Error {
  readonly name: 'UsageError';
}

export const usageError = (message: string): UsageError => Object.assign(new Error(message), { name: 'UsageError' as const });
export const isUsageError = (error: unknown): error is UsageError => error instanceof Error && error.name === 'UsageError';
