// Generates `.env.example` and docs/configuration.md from the configuration schema.
import { variables } from '#config/config';

interface Variable {
  name: string;
  meaning: string;
  /** The default as text; undefined if there is none. */
  defaultText: string | undefined;
}

/** The text of `.env.example`: every variable with its meaning, commented out. */
export function envExample(): string {
  const entries = allVariables().map(({ name, meaning, defaultText }) => `# ${meaning}\n# ${name}=${defaultText ?? ''}\n`);
  return ['# All variables that Posthorn reads. All are optional; an empty variable counts as unset.\n', ...entries].join('\n');
}

/** The text of docs/configuration.md. */
export function configTable(): string {
  const rows = allVariables().map(
    ({ name, meaning, defaultText }) => `| \`${name}\` | ${cell(meaning)} | ${defaultText ? cell(`\`${defaultText}\``) : ''} |`,
  );
  return [
    '# Configuration',
    '',
    'Posthorn reads these environment variables once at start. An invalid value stops the start with an error that names the variable.',
    'An empty variable counts as unset.',
    'This page is generated from `src/config/config.ts`.',
    '',
    '| variable | meaning | default |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function allVariables(): Variable[] {
  return Object.entries(variables.shape).map(([name, schema]) => {
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
  return String(value);
}
