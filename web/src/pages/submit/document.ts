/** What is in the editor: JSON or YAML, read, written, and with the places that problems are about. */
import { parseDocument, stringify, isNode, type Document } from 'yaml';

export type Format = 'json' | 'yaml';

export interface Problem {
  /** As the API names it: `tasks[2].type`; '' for the document as a whole. */
  readonly path: string;
  readonly message: string;
  /** Offsets in the text. */
  readonly from: number;
  readonly to: number;
}

export type Parsed =
  | { readonly kind: 'parsed'; readonly json: string; readonly value: unknown; readonly rangeOf: (path: string) => readonly [number, number] }
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] };

/** Places in larger texts aren't looked for: that would take seconds. */
const LOCATED_BYTES = 400_000;

/** The steps of a path as the API writes it. */
export const stepsOf = (path: string): readonly (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, name]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? (JSON.parse(`"${quoted}"`) as string) : name!,
  );

/** Where a path stands, or the nearest thing around it. */
const rangeIn = (document: Document, path: string): readonly [number, number] => {
  const steps = [...stepsOf(path)];
  for (; steps.length > 0; steps.pop()) {
    const node: unknown = document.getIn(steps, true);
    if (isNode(node) && node.range) return [node.range[0], node.range[1]];
  }
  return [0, 0];
};

const located = (text: string): ((path: string) => readonly [number, number]) => {
  const cached: { document?: Document } = {};
  return (path) => {
    if (text.length > LOCATED_BYTES) return [0, 0];
    cached.document ??= parseDocument(text, { strict: false, uniqueKeys: false });
    return rangeIn(cached.document, path);
  };
};

const parseJson = (text: string): Parsed => {
  try {
    return { kind: 'parsed', json: text, value: JSON.parse(text), rangeOf: located(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    const from = Math.min(at, Math.max(0, text.length - 1));
    return { kind: 'broken', problems: [{ path: '', message, from, to: Math.min(text.length, from + 1) }] };
  }
};

const parseYaml = (text: string): Parsed => {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos: [from, to] }) => ({
      path: '',
      message: message.split('\n')[0]!.replace(/:$/, ''),
      // What ends too early is told to be wrong behind the end.
      from: Math.min(from, text.length),
      to: Math.min(to, text.length),
    }));
    return { kind: 'broken', problems };
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { kind: 'parsed', json: JSON.stringify(value), value, rangeOf: (path) => rangeIn(document, path) };
  } catch (error) {
    return { kind: 'broken', problems: [{ path: '', message: String(error), from: 0, to: 0 }] };
  }
};

/** Reads a text. JSON is sent as it was written; YAML becomes JSON. */
export const parse = (text: string, format: Format): Parsed => {
  if (text.trim() === '')
    return { kind: 'broken', problems: [{ path: '', message: 'There is nothing yet: write a DAG or choose an example.', from: 0, to: 0 }] };
  return format === 'json' ? parseJson(text) : parseYaml(text);
};

/** The same in the other format; what can't be read stays. */
export const converted = (text: string, from: Format, to: Format): string => {
  const parsed = parse(text, from);
  if (parsed.kind === 'broken' || from === to) return text;
  return to === 'json' ? `${JSON.stringify(parsed.value, null, 2)}\n` : stringify(parsed.value, { lineWidth: 120 });
};

/** What a text looks like. */
export const formatOf = (text: string): Format => (/^\s*[[{]/.test(text) ? 'json' : 'yaml');
