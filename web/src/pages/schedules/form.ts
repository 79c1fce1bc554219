/** What was typed into the form of a schedule, as the API takes it. */
import type { Schedule } from '../../../../src/sdk/responses';

export interface Typed {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: Schedule['overlap'];
  readonly catchUp: Schedule['catchUp'];
  readonly note: string;
}

/** The reader's own zone. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Every zone that this browser knows, the reader's own and UTC first. */
export const zonesKnown = (own: string): readonly string[] => [...new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')])];

/** The body of POST /api/v1/schedules without who asks; what is empty isn't said. The DAG's name stands for a name. */
export const bodyOf = ({ name, note, ...rest }: Typed, dag: { readonly dagName?: unknown }): object => ({
  ...rest,
  name: name.trim() === '' ? (dag.dagName ?? '') : name.trim(),
  ...(note.trim() === '' ? {} : { note: note.trim() }),
  dag,
});

/** The query of GET /api/v1/schedules/preview. */
export const previewQueryOf = ({ cron, timeZone }: Pick<Typed, 'cron' | 'timeZone'>): string =>
  new URLSearchParams({ cron: cron.trim(), timeZone, count: '5' }).toString();

/** A time on the clocks of a zone: `Mon 2 Mar 2026, 06:00`. */
export const clockText = (iso: string, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', {
    ...{ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone },
  }).format(new Date(iso));

export const OVERLAPS = [
  ['allow', 'fires all the same'],
  ['skip', 'is left out'],
] as const satisfies readonly (readonly [Schedule['overlap'], string])[];

export const CATCH_UPS = [
  ['latest', 'the latest fires'],
  ['all', 'all fire'],
  ['none', 'none fires'],
] as const satisfies readonly (readonly [Schedule['catchUp'], string])[];

export const wordsOf = <T extends string>(choices: readonly (readonly [T, string])[], value: T): string =>
  choices.find(([each]) => each === value)?.[1] ?? value;
