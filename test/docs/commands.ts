/** The commands and answers that a Markdown page shows, and what can be done with each command here. */

export interface Step {
  /** The heading above. */
  readonly section: string;
  /** Commands of one block, in order; a command may span lines. */
  readonly commands: readonly string[];
  /** The JSON that the page shows for the block's last command, to be found in its answer. */
  readonly answer: unknown;
}

export interface Block {
  readonly section: string;
  readonly language: string;
  readonly text: string;
}

/** Every fenced block of a page. */
export const blocksOf = (page: string): readonly Block[] => {
  const blocks: Block[] = [];
  let section = '';
  for (const match of page.matchAll(/^#+ (?<heading>.+)$|^```(?<language>\w*)\n(?<text>[\s\S]*?)^```$/gm)) {
    const { heading, language = '', text = '' } = match.groups ?? {};
    if (heading === undefined) blocks.push({ section, language, text });
    else section = heading;
  }
  return blocks;
};

const isOpen = (command: string): boolean => command.endsWith('\\') || command.split("'").length % 2 === 0;

/** The commands of a block: a line goes on in the next one while a quote is open or a backslash ends it. */
export const commandsIn = (text: string): readonly string[] => {
  const commands: string[] = [];
  let open = '';
  for (const line of text.trimEnd().split('\n')) {
    const command = open + line;
    open = isOpen(command) ? `${command}\n` : '';
    if (open === '' && command.trim() !== '') commands.push(command);
  }
  if (open !== '') throw new Error(`this block ends within a command: ${open}`);
  return commands;
};

/** Languages whose blocks are meant for a shell, as writers may spell it. */
const SHELL = new Set(['sh', 'bash', 'shell', 'console', 'zsh']);

/** The page's shell blocks, each with the JSON block that comes before the next one. */
export const stepsOf = (page: string): readonly Step[] => {
  const steps: Step[] = [];
  for (const { section, language, text } of blocksOf(page)) {
    if (SHELL.has(language)) steps.push({ section, commands: commandsIn(text), answer: undefined });
    if (language !== 'json') continue;
    const last = steps.pop();
    if (last === undefined || last.answer !== undefined) throw new Error(`the JSON under ${section} belongs to no command`);
    steps.push({ ...last, answer: JSON.parse(text) });
  }
  return steps;
};

export type Treatment =
  /** Runs in the shell as it is; `code` is what it ends with. */
  | { readonly kind: 'run'; readonly command: string; readonly code: number }
  /** Goes on until it is ended: started beside the shell. */
  | { readonly kind: 'server'; readonly command: string }
  /** `scripts/test` has done it before this test runs: `proof` stands there. */
  | { readonly kind: 'done'; readonly proof: string }
  /** Needs a Docker engine. `inside` does the same without one; null where only an engine can do it. */
  | { readonly kind: 'docker'; readonly inside: string | null };

const DONE: Readonly<Record<string, string>> = {
  'npm test': 'node_modules/.bin/jest',
  'npm ci': 'npm ci',
  'npm run build': 'npm run --silent build',
};

/** What a Docker command does inside its container, by scripts/services. Whatever isn't here is an error. */
const DOCKER: readonly (readonly [RegExp, string | null])[] = [
  [/^docker compose up -d$/, 'scripts/services up'],
  [/^docker build -t task-scheduler:latest \.$/, null],
  [/^docker compose --profile app up -d$/, null],
  [/^docker logs --tail 50 task-scheduler-(\w+)$/, 'scripts/services logs $1'],
  [/^docker exec task-scheduler-kafka \/opt\/kafka\/bin\/kafka-topics\.sh --bootstrap-server localhost:9092 (.*)$/, 'scripts/services topics $1'],
  [/^docker exec task-scheduler-postgres psql -U postgres -d taskscheduler (.*)$/, 'scripts/services psql $1'],
  [/^docker exec task-scheduler-redis redis-cli (.*)$/, 'scripts/services redis-cli $1'],
];

const ofDocker = (command: string): Treatment => {
  for (const [pattern, inside] of DOCKER) {
    if (pattern.test(command)) return { kind: 'docker', inside: inside === null ? null : command.replace(pattern, inside) };
  }
  throw new Error(`nobody knows what this does inside of its container: ${command}`);
};

const isServer = (command: string): boolean => command === 'npm start' || /^node dist\/main\.js --role=(?!.*--print-config)/.test(command);

/** How a command is treated; an error where it needs Docker and isn't listed. */
export const treatmentOf = (command: string): Treatment => {
  const proof = DONE[command];
  if (proof !== undefined) return { kind: 'done', proof };
  if (/\bdocker\b/.test(command)) return ofDocker(command);
  if (isServer(command)) return { kind: 'server', command };
  return { kind: 'run', command, code: Number(/ # ends with code (\d+)$/.exec(command)?.[1] ?? 0) };
};
