// Generates `.env.example` and docs/configuration.md from the configuration schema.
import { cliVariables } from '#config/cli';
import { variables } from '#config/config';
import { ingestVariables } from '#config/ingest';

interface Variable {
  name: string;
  meaning: string;
  /** The default as text; undefined if there is none. */
  defaultText: string | undefined;
}

/** The text of `.env.example`: every variable with its meaning, commented out. */
export function envExample(): string {
  const entries = [variables, ingestVariables].flatMap(variablesOf).map(entryOf);
  return ['# All variables that Posthorn reads. All are optional; an empty variable counts as unset.\n', ...entries].join('\n');
}

function entryOf({ name, meaning, defaultText }: Variable): string {
  return `# ${meaning}\n# ${name}=${defaultText ?? ''}\n`;
}

function rowOf({ name, meaning, defaultText }: Variable): string {
  return `| \`${name}\` | ${cell(meaning)} | ${defaultText ? cell(`\`${defaultText}\``) : ''} |`;
}

/** The text of docs/configuration.md. */
export function configTable(): string {
  return [
    '# Configuration',
    '',
    'Posthorn reads these environment variables once at start. An invalid value stops the start with an error that names the variable.',
    'An empty variable counts as unset.',
    'This page is generated from `src/config/config.ts`, `src/config/ingest.ts` and `src/config/cli.ts`.',
    '',
    '| variable | meaning | default |',
    '| --- | --- | --- |',
    ...variablesOf(variables).map(rowOf),
    '',
    '## `posthorn ingest`',
    '',
    'It reads these variables, `POSTHORN_API_KEY` (a key with the scope `events:write`) and `LOG_LEVEL`. [How to use it](ingest.md).',
    '',
    '| variable | meaning | default |',
    '| --- | --- | --- |',
    ...variablesOf(ingestVariables).map(rowOf),
    '',
    '## The command line',
    '',
    'The commands that call the API read these variables, and XDG_CONFIG_HOME. [The command line](cli.md).',
    '',
    '| variable | meaning | default |',
    '| --- | --- | --- |',
    ...variablesOf(cliVariables).map(rowOf),
    '',
  ].join('\n');
}

function variablesOf({ shape }: typeof variables | typeof ingestVariables | typeof cliVariables): Variable[] {
  return Object.entries(shape).map(([name, schema]) => {
    const unset = schema.safeParse(undefined);
    return { name, meaning: schema.description ?? '', defaultText: unset.success ? written(unset.data) : undefined };
  });
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function written(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.length > 0 ? value.join(',') : undefined;
  if (typeof value === 'object' && value !== null && 'schedule' in value) return written(value.schedule);
  if (typeof value === 'object') return undefined;
  return String(value);
}
