/** The configuration as a person reads it: YAML that could be a settings file, each value with its origin. */
import { maskUrl, maskValues } from './mask';
import type { Setting } from './setting';
import { rows } from './settings';
import type { Config } from './shape';

const at = (config: Config, path: string): unknown =>
  path.split('.').reduce<unknown>((node, key) => (node as Readonly<Record<string, unknown>>)[key], config);

const inYaml = (value: unknown): string => JSON.stringify(value);

const masked = (value: unknown, secret: Setting<unknown>['secret']): unknown => {
  if (secret === undefined || value === null) return value;
  if (secret === 'whole') return '***';
  return typeof value === 'string' ? maskUrl(value) : Array.isArray(value) ? maskValues(value.map(String)) : value;
};

/** Lines of YAML in the order of the table, `# origin` behind each value, passwords masked. */
export const printConfig = (config: Config, origins: ReadonlyMap<string, string>): string => {
  const lines = [`# role: ${config.role}`];
  let open: readonly string[] = [];
  for (const { path, setting } of rows) {
    const keys = path.split('.');
    const parents = keys.slice(0, -1);
    const shared = parents.findIndex((key, i) => open[i] !== key);
    if (shared >= 0) parents.slice(shared).forEach((key, i) => lines.push(`${'  '.repeat(shared + i)}${key}:`));
    open = parents;
    const value = at(config, path);
    const text = inYaml(masked(value, setting.secret));
    lines.push(`${'  '.repeat(parents.length)}${keys.at(-1) ?? ''}: ${text} # ${origins.get(path) ?? 'default'}`);
  }
  return `${lines.join('\n')}\n`;
};
