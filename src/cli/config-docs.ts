// The two texts that tell of the configuration, made from its schema so that they cannot drift: `.env.example` and docs/configuration.md.
import { variables } from '#config/config';

interface Variable {
  name: string;
  meaning: string;
  /** As one would write it; undefined where there is none. */
  defaultText: string | undefined;
}

/** All of `.env.example`: every variable with its meaning, commented out. */
export function envExample(): string {
  const entries = allVariables().map(({ name, meaning, defaultText }) => `# ${meaning}\n# ${name}=${defaultText ?? ''}\n`);
  return ['# Every variable that Posthorn reads. All are optional; an empty one counts as unset.\n', ...entries].join('\n');
}

/** All of docs/configuration.md. */
export function configTable(): string {
  const rows = allVariables().map(
    ({ name, meaning, defaultText }) => `| \`${name}\` | ${cell(meaning)} | ${defaultText ? cell(`\`${defaultText}\``) : ''} |`,
  );
  return [
    '# Configuration',
    '',
    'Environment variables, read once at start; a wrong one stops the start with a message that names it. An empty variable counts as unset.',
    'This page is made from `src/config/config.ts`.',
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
