// `posthorn completion`: a script that completes commands and options in bash, zsh and fish. It asks `posthorn complete`,
// so that it never knows other commands than the program.
import type { Command } from 'commander';
import { local } from './connection/session.ts';
import { UsageError } from './terminal/exit-codes.ts';

const bash = `_posthorn() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(posthorn complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _posthorn posthorn
`;
const zsh = `#compdef posthorn
_posthorn() {
  local -a found
  found=("\${(@f)$(posthorn complete -- "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  [[ -n "$found" ]] && compadd -a found || _default
}
compdef _posthorn posthorn
`;
const fish = `function __posthorn_complete
  set -l words (commandline -opc) (commandline -ct)
  posthorn complete -- $words[2..-1] 2>/dev/null
end
complete -c posthorn -a '(__posthorn_complete)'
`;
const scripts: Record<string, string> = { bash, zsh, fish };

export function addCompletionCommand(program: Command): void {
  program
    .command('completion <shell>')
    .description('print the completion for bash, zsh or fish')
    .addHelpText(
      'after',
      '\nbash: eval "$(posthorn completion bash)" in ~/.bashrc. zsh: the same in ~/.zshrc. fish: posthorn completion fish | source',
    )
    .action(
      local(async (output, shell: string) => {
        const script = scripts[shell];
        if (script === undefined) throw new UsageError(`${shell}: must be bash, zsh or fish`);
        await output.text(script);
      }),
    );
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(local(async (output, words: string[]) => output.text(completions(program, words).join('\n'))));
}

/** What can stand in place of the last word. */
export function completions(program: Command, words: string[]): string[] {
  const last = words.at(-1) ?? '';
  let command = program;
  for (const word of words.slice(0, -1))
    command = command.commands.find((one) => one.name() === word || one.aliases().includes(word)) ?? command;
  const help = command.createHelp();
  const options = [...help.visibleOptions(command), ...(command === program ? [] : help.visibleOptions(program))];
  const found = last.startsWith('-')
    ? options.flatMap(({ long, short }) => long ?? short ?? [])
    : help.visibleCommands(command).map((one) => one.name());
  return [...new Set(found)].filter((one) => one.startsWith(last)).sort();
}
