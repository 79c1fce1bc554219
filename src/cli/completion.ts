/** Completion scripts, made from the commands themselves so that they can't fall behind. */
import type { Command } from 'commander';

interface Word {
  readonly name: string;
  readonly about: string;
}

interface Subcommand extends Word {
  /** Commands below this one, as in `dts dlq list`. */
  readonly words: readonly Word[];
  /** Its own options, and those of the commands below it. */
  readonly options: readonly Word[];
  readonly takesFiles: boolean;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const optionsOf = (command: Command): Word[] =>
  command.options.flatMap(({ long, description }) => (typeof long === 'string' ? [{ name: long, about: description }] : []));

/** The first of each name. */
const distinct = (words: readonly Word[]): Word[] => [...new Map([...words].reverse().map((word) => [word.name, word])).values()].reverse();

const subcommandsOf = (program: Command): Subcommand[] => {
  const global = [...optionsOf(program).filter(({ name }) => name !== '--version'), { name: '--help', about: 'display help' }];
  return program.commands.map((command) => ({
    name: command.name(),
    about: command.description(),
    words: command.commands.map((below) => ({ name: below.name(), about: below.description() })),
    options: [...distinct([command, ...command.commands].flatMap(optionsOf)), ...global],
    takesFiles: command.registeredArguments.some((argument) => argument.name().startsWith('file')),
  }));
};

const names = (words: readonly Word[]): string => words.map(({ name }) => name).join(' ');

const bash = (commands: readonly Subcommand[]): string => `# dts completion for bash: source <(dts completion bash)
_dts() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="" options="" files="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " ${names(commands)} " in *" \${COMP_WORDS[i]} "*) command="\${COMP_WORDS[i]}"; break ;; esac
  done
  case "$command" in
${commands.map(({ name, words, options, takesFiles }) => `    ${name}) options="${names([...words, ...options])}"; files="${takesFiles ? 'yes' : ''}" ;;`).join('\n')}
    *) options="${names(commands)} --url --json --help --version" ;;
  esac
  if [[ "$command" == completion && "$word" != -* ]]; then options="${SHELLS.join(' ')}"; fi
  COMPREPLY=($(compgen -W "$options" -- "$word"))
  if [[ -n "$files" && "$word" != -* ]]; then COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _dts dts
`;

const quoted = (text: string): string => text.replaceAll("'", "'\\''");

const zsh = (commands: readonly Subcommand[]): string => `#compdef dts
# dts completion for zsh: source <(dts completion zsh)
_dts() {
  local -a commands options
  commands=(${commands.map(({ name, about }) => `'${name}:${quoted(about)}'`).join(' ')})
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${commands.map(({ name, words, options, takesFiles }) => `    ${name}) options=(${[...words, ...options].map((option) => `'${option.name}:${quoted(option.about)}'`).join(' ')}); _describe option options${takesFiles ? '; _files' : ''} ;;`).join('\n')}
  esac
}
compdef _dts dts
`;

const fish = (commands: readonly Subcommand[]): string => {
  const lines = commands.flatMap(({ name, about, words, options, takesFiles }) => [
    `complete -c dts -n __fish_use_subcommand ${takesFiles ? '' : '-f '}-a ${name} -d '${quoted(about)}'`,
    ...words.map((word) => `complete -c dts -n '__fish_seen_subcommand_from ${name}' -f -a ${word.name} -d '${quoted(word.about)}'`),
    ...options.map((option) => `complete -c dts -n '__fish_seen_subcommand_from ${name}' -l ${option.name.slice(2)} -d '${quoted(option.about)}'`),
  ]);
  return `# dts completion for fish: dts completion fish | source\n${lines.join('\n')}\n`;
};

const scripts: Readonly<Record<Shell, (commands: readonly Subcommand[]) => string>> = { bash, zsh, fish };

/** The script that a shell loads. */
export const completionScript = (program: Command, shell: Shell): string => scripts[shell](subcommandsOf(program));
