// Reads the settings of the commands that call the API, such as `posthorn events list`. They run anywhere and need none of
// the other settings. docs/configuration.md is generated from the descriptions in the schema below.
import { z } from 'zod';
import { ConfigError, faultText, variables } from './config.ts';

export const cliVariables = z.object({
  POSTHORN_URL: z
    .url({ protocol: /^https?$/, error: 'must be http:// or https://' })
    .optional()
    .describe('URL of the API, in place of that of the profile'),
  POSTHORN_API_KEY: z.string().min(1).optional().describe('API key, in place of that of the profile'),
  POSTHORN_TENANT: z.string().min(1).optional().describe('the tenant of commands that are called without `--tenant`'),
  POSTHORN_PROFILE: z
    .string()
    .min(1)
    .optional()
    .describe('name of the profile to use; unset: the one of the last `posthorn login`, or local'),
  NO_COLOR: z.string().optional().describe('if set, the output has no colours'),
});

const read = cliVariables.extend({ XDG_CONFIG_HOME: variables.shape.XDG_CONFIG_HOME, TERM: z.string().optional() });
export type CliConfig = z.infer<typeof read>;

/** Throws one ConfigError that names every invalid variable. Empty variables count as unset. */
export function readCliConfig(env: Record<string, string | undefined> = process.env): CliConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const config = read.safeParse(set, { error: faultText });
  if (config.success) return config.data;
  throw new ConfigError(config.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`).join('\n'));
}
