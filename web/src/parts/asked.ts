/** What a question asks for beside who and why: each answer goes into the request under its field's name. */
import { countText } from './format';
import { jsonProblem } from './jsonText';

interface Named {
  readonly name: string;
  readonly label: string;
}

export type AskedField =
  /** JSON; left as it is, or empty, it isn't sent. */
  | (Named & { readonly kind: 'json'; readonly value: string; readonly hint: string; readonly placeholder?: string })
  /** ISO 8601; empty, it isn't sent. */
  | (Named & { readonly kind: 'moment'; readonly value: string })
  | (Named & { readonly kind: 'number'; readonly value: string; readonly max: number; readonly whole?: true })
  /** 'yes' or ''; left as it is, it isn't sent. */
  | (Named & { readonly kind: 'check'; readonly value: string });

/** By the field's name, as it was typed. */
export type Typed = Readonly<Record<string, string>>;

export const typedAtFirst = (fields: readonly AskedField[]): Typed => Object.fromEntries(fields.map(({ name, value }) => [name, value]));

/** Whether it was left as it was, or empty. */
export const isLeft = (field: AskedField, text: string): boolean => text === field.value || text.trim() === '';

const numberProblem = ({ max, whole }: { readonly max: number; readonly whole?: true }, value: number): string | undefined => {
  if (whole === true) return Number.isInteger(value) && value >= 1 && value <= max ? undefined : `A whole number from 1 to ${countText(max)}.`;
  return value > 0 && value <= max ? undefined : `More than 0, up to ${countText(max)}.`;
};

/** Why a field can't be sent as it is; undefined where it can. */
export const problemOf = (field: AskedField, text: string): string | undefined => {
  if (field.kind === 'json') return isLeft(field, text) ? undefined : jsonProblem(text);
  if (field.kind === 'number') return numberProblem(field, Number(text));
  return undefined;
};

const valueOf = (field: AskedField, text: string): unknown => {
  if (field.kind === 'number') return Number(text);
  if (field.kind === 'check') return text === field.value ? undefined : text !== '';
  if (isLeft(field, text)) return undefined;
  return field.kind === 'json' ? (JSON.parse(text) as unknown) : text;
};

/** What is sent. */
export const givenBy = (fields: readonly AskedField[], typed: Typed): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    fields.flatMap((field) => {
      const value = valueOf(field, typed[field.name] ?? '');
      return value === undefined ? [] : [[field.name, value]];
    }),
  );
