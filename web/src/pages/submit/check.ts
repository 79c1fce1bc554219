/** Whether what is being written would be taken: by the API's own check, shortly after the last key. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { ask, LARGE_MS } from '../../api/client';
import { RequestFailed } from '../../api/problem';
import { useRetry } from '../../live/hooks';
import { type Format, parse, type Parsed, type Problem } from './document';

export interface Valid {
  readonly dagName: string;
  readonly totalTasks: number;
  readonly totalDependencies: number;
}

export type Verdict =
  | { readonly kind: 'checking' }
  | { readonly kind: 'valid'; readonly valid: Valid }
  | { readonly kind: 'wrong'; readonly problems: readonly Problem[] }
  | { readonly kind: 'unchecked'; readonly error: unknown };

const SETTLED_MS = 350;

/** The problems of a refusal, each at its place in the text. */
export const problemsOf = (error: RequestFailed, rangeOf: (path: string) => readonly [number, number]): readonly Problem[] => {
  const errors = error.problem?.errors ?? [];
  if (errors.length === 0) return [{ path: '', message: error.message, from: 0, to: 0 }];
  return errors.map(({ path, message }) => {
    const [from, to] = rangeOf(path);
    return { path, message, from, to };
  });
};

const isRefusal = (error: unknown): error is RequestFailed =>
  error instanceof RequestFailed && error.status >= 400 && error.status < 500 && error.status !== 429 && error.status !== 404;

const verdictOf = async (parsed: Parsed, signal: AbortSignal): Promise<Verdict> => {
  if (parsed.kind === 'broken') return { kind: 'wrong', problems: parsed.problems };
  try {
    return { kind: 'valid', valid: await ask<Valid>('/api/v1/dags/validate', { method: 'POST', json: parsed.json, signal, withinMs: LARGE_MS }) };
  } catch (error) {
    return isRefusal(error) ? { kind: 'wrong', problems: problemsOf(error, parsed.rangeOf) } : { kind: 'unchecked', error };
  }
};

export const useVerdict = (text: string, format: Format): Verdict => {
  const [verdict, setVerdict] = useState<Verdict>({ kind: 'checking' });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const timer = setTimeout(() => {
      verdictOf(parse(text, format), ending.signal).then(
        (next) => {
          if (!ending.signal.aborted) setVerdict(next);
        },
        () => undefined,
      );
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [text, format, turn]);
  const again = useCallback(() => {
    setTurn((before) => before + 1);
  }, []);
  useRetry(verdict.kind === 'unchecked' ? verdict.error : undefined, again);
  return verdict;
};
