// The reference of the command line, from the definitions of its commands.
import type { Command } from 'commander';
import { createProgram } from '#cli/program';
import type { Page } from './api-pages.ts';

export function commandPage(): Page {
  const program = createProgram();
  const sections = program.commands.filter(isShown).flatMap((command) => sectionsOf(command, 'posthorn', 2));
  const text = [
    '# Command line',
    'Every command of `posthorn`. In a clone the command is `node bin/posthorn.js`. [The command line](/cli.md) explains profiles, output and exit codes; the settings of a server are [environment variables](/configuration.md).',
    ...optionsOf(program),
    ...sections,
  ];
  return { path: 'reference/cli.md', title: 'Command line', text: text.join('\n\n') };
}

const isShown = (command: Command) => command.name() !== 'help';

function sectionsOf(command: Command, parent: string, level: number): string[] {
  const path = `${parent} ${command.name()}`;
  const inner = command.commands.filter(isShown).flatMap((one) => sectionsOf(one, path, 3));
  const usage = inner.length === 0 ? [`\`\`\`text\n${path} ${command.usage()}\n\`\`\``] : [];
  return [`${'#'.repeat(level)} ${path}`, asText(command.description()), ...usage, ...optionsOf(command), ...inner].filter(Boolean);
}

function optionsOf(command: Command): string[] {
  const { visibleOptions, visibleArguments } = {
    visibleOptions: command.options.filter(({ hidden }) => !hidden),
    visibleArguments: command.registeredArguments,
  };
  const rows = [
    ...visibleArguments
      .filter(({ description }) => description)
      .map((argument) => `| \`${argument.name()}\` | ${asText(argument.description)} |`),
    ...visibleOptions.map(({ flags, description }) => `| \`${flags.replaceAll('|', '\\|')}\` | ${asText(description)} |`),
  ];
  return rows.length === 0 ? [] : [['| | |', '| --- | --- |', ...rows].join('\n')];
}

const asText = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
