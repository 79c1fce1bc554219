/** docs/configuration.md, made from the table so that it can't fall behind. */
import { fallbackOf, rows, type Row } from './settings';
import { type Role, ROLES } from './shape';

const code = (text: string): string => `\`${text}\``;

const fallbackText = ({ setting }: Row): string => {
  const of = (role: Role): string => JSON.stringify(fallbackOf(setting, role));
  const others = ROLES.filter((role) => of(role) !== of('scheduler')).map((role) => `, ${role} ${code(of(role))}`);
  return `${code(of('scheduler'))}${others.join('')}`;
};

const line = (row: Row): string => {
  const { setting, path } = row;
  const variable = setting.flag === undefined ? code(setting.env) : `${code(setting.env)}, ${code(`--${setting.flag}`)}`;
  const value = setting.reader.accepts.charAt(0).toUpperCase() + setting.reader.accepts.slice(1);
  return `| ${code(path)} | ${variable} | ${fallbackText(row)} | ${setting.about} ${value}. |`;
};

const INTRODUCTION = `# Configuration

Each value comes from the last of these that names it: the defaults below, \`config/default.yaml\`, \`config/{role}.yaml\`
(\`scheduler\`, \`worker\` or \`standalone\`), the environment, the command line. The folder is another one with
\`--config-dir\`. A variable that is set but empty counts as unset.

\`node dist/main.js --role=worker --print-config\` shows what holds, with the origin of each value and without passwords.
All mistakes are told at once, each with its source, and the process then ends with code 2 before it connects to anything.
`;

/** The whole text of docs/configuration.md. */
export const describeSettings = (): string => {
  const sections = [...new Set(rows.map(({ path }) => path.split('.')[0] ?? ''))];
  const tables = sections.map((section) => {
    const lines = rows.filter(({ path }) => path.startsWith(`${section}.`)).map(line);
    return `## ${section}\n\n| setting | variable, flag | default | what it is |\n|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  return [INTRODUCTION, ...tables].join('\n');
};
