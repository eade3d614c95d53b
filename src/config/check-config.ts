// Reads the configuration although parts of it are wrong, for `posthorn doctor`.
import { type Config, variables } from './config.ts';

export interface CheckedConfig {
  /** Without the variables that are wrong. */
  config: Config;
  /** One line for each wrong variable. */
  faults: string[];
  /** Variables that begin as Posthorn's do and that it does not know. */
  unknown: string[];
}

/** Of the command line, and of docker-compose.yml. */
const ofOthers = ['POSTHORN_URL', 'POSTHORN_DB_PASSWORD'];

export function checkConfig(env: Record<string, string | undefined>): CheckedConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const { error } = variables.safeParse(set);
  const issues = error?.issues ?? [];
  const wrong = new Set(issues.map(({ path: [name] }) => String(name)));
  return {
    config: variables.parse(Object.fromEntries(Object.entries(set).filter(([name]) => !wrong.has(name)))),
    faults: issues.map(({ path: [name], message }) => `${String(name)}: ${message}`),
    unknown: Object.keys(set).filter((name) => name.startsWith('POSTHORN_') && !(name in variables.shape) && !ofOthers.includes(name)),
  };
}
