/** Where values come from, lowest first: defaults, default.yaml, {role}.yaml, environment, flags. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { nearest } from './nearest';
import { type Row, rows } from './settings';
import type { Role } from './shape';

/** One raw value and who said it. */
export interface Given {
  readonly path: string;
  readonly raw: unknown;
  /** `config/default.yaml`, `SERVER_PORT`, `--port`: what to change when it is wrong. */
  readonly origin: string;
}

export interface Gathered {
  readonly given: readonly Given[];
  readonly problems: readonly string[];
}

export interface Sources {
  /** The folder that holds default.yaml and {role}.yaml; a file that isn't there says nothing. */
  readonly configDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By name without dashes: `{ port: '8081' }`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

const paths = new Set(rows.map((row) => row.path));
const sections = new Set(rows.flatMap(({ path: full }) => full.split('.').map((_, i, parts) => parts.slice(0, i).join('.'))));

const isMap = (node: unknown): node is Readonly<Record<string, unknown>> => typeof node === 'object' && node !== null && !Array.isArray(node);

const unknownSetting = (full: string, origin: string): string => {
  const like = nearest(full, [...paths, ...sections]);
  return `${origin}: ${full}: there is no such setting${like === undefined || like === '' ? '' : ` (did you mean ${like}?)`}: correct the name or remove the line`;
};

/** Walks what a YAML file holds. A section without content is allowed: all its lines may be comments. */
const walk = (node: unknown, prefix: string, origin: string): Gathered => {
  if (node === null || node === undefined) return { given: [], problems: [] };
  if (!isMap(node)) return { given: [], problems: [`${origin}: ${prefix === '' ? 'the file' : prefix} must be a map of settings`] };
  const parts = Object.entries(node).map(([key, value]): Gathered => {
    const full = prefix === '' ? key : `${prefix}.${key}`;
    if (paths.has(full)) return { given: [{ path: full, raw: value, origin }], problems: [] };
    if (sections.has(full)) return walk(value, full, origin);
    return { given: [], problems: [unknownSetting(full, origin)] };
  });
  return join(parts);
};

const join = (parts: readonly Gathered[]): Gathered => ({
  given: parts.flatMap(({ given }) => given),
  problems: parts.flatMap(({ problems }) => problems),
});

const fromFile = (file: string): Gathered => {
  if (!existsSync(file)) return { given: [], problems: [] };
  const near = path.relative(process.cwd(), file);
  const origin = near.startsWith('..') ? file : near;
  const document = parseDocument(readFileSync(file, 'utf8'), { prettyErrors: true });
  if (document.errors.length > 0) return { given: [], problems: document.errors.map(({ message }) => `${origin}: ${message.trim()}`) };
  return walk(document.toJS(), '', origin);
};

/** An empty variable counts as unset: `X=${Y:-}` in a compose file says nothing. */
const fromEnvironment = (env: Sources['env']): Gathered => ({
  given: rows.flatMap(({ path: full, setting }) => {
    const raw = env[setting.env];
    return raw === undefined || raw === '' ? [] : [{ path: full, raw, origin: setting.env }];
  }),
  problems: [],
});

const fromFlags = (flags: Sources['flags']): Gathered => ({
  given: rows.flatMap(({ path: full, setting }: Row) => {
    const raw = setting.flag === undefined ? undefined : flags[setting.flag];
    return raw === undefined ? [] : [{ path: full, raw, origin: `--${setting.flag ?? ''}` }];
  }),
  problems: [],
});

const fromFiles = (folder: string, role: Role): Gathered =>
  existsSync(folder)
    ? join(['default', role].map((name) => fromFile(path.join(folder, `${name}.yaml`))))
    : { given: [], problems: [`--config-dir: there is no folder ${folder}: name the one that holds default.yaml`] };

/** Everything that anybody says about any setting, lowest source first. */
export const gather = (role: Role, { configDir, env, flags }: Sources): Gathered =>
  join([fromFiles(configDir, role), fromEnvironment(env), fromFlags(flags)]);
