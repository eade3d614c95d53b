// What a command works with: the API with the key of its profile, the tenant, and where it prints. Made once for a command.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type CliConfig, readCliConfig } from '#config/cli';
import { ConfigError } from '#config/config';
import { version } from '#config/package';
import { localProfile, type Profile, profilesFile, readProfiles } from '#profiles/profiles';
import { exitCodes, UsageError } from '../terminal/exit-codes.ts';
import { Output } from '../terminal/output.ts';
import { Api } from './api.ts';

/** The options of the program, which every command has. */
export interface GlobalOptions {
  json?: boolean;
  profile?: string;
  color?: boolean;
}

export class Session {
  readonly api: Api;
  readonly output: Output;
  readonly profile: Profile & { name: string };

  constructor(options: GlobalOptions, config = readCliConfig()) {
    this.output = outputOf(options, config);
    this.profile = chooseProfile(options, config);
    this.api = new Api(this.profile.url, this.profile.apiKey, `posthorn-cli/${version}`);
  }

  /** The tenant of the command: `--tenant`, POSTHORN_TENANT or that of the profile. */
  tenant(given: string | undefined): string {
    const tenant = given ?? this.profile.tenant;
    if (tenant === undefined)
      throw new UsageError('Which tenant? Add --tenant <id>, set POSTHORN_TENANT, or store one with `posthorn login`.');
    return tenant;
  }
}

/**
 * The action of a command that calls the API. Commander passes its arguments, then its options and itself, which has the
 * options of the program.
 */
export function connected<Given extends unknown[]>(work: (session: Session, ...given: Given) => Promise<void>) {
  return async (...given: [...Given, Command]): Promise<void> => {
    const command = given.at(-1) as Command;
    await work(new Session(command.optsWithGlobals()), ...(given.slice(0, -1) as Given));
  };
}

/** The same for a command that works without the API. */
export function local<Given extends unknown[]>(work: (output: Output, ...given: Given) => Promise<void>) {
  return async (...given: [...Given, Command]): Promise<void> => {
    const command = given.at(-1) as Command;
    await work(outputOf(command.optsWithGlobals(), readCliConfig()), ...(given.slice(0, -1) as Given));
  };
}

function outputOf({ json = false, color = true }: GlobalOptions, { NO_COLOR, TERM }: CliConfig): Output {
  const { stdout, stderr } = process;
  // the reader of a pipe has seen enough
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed));
  return new Output({
    json,
    isTerminal: stdout.isTTY === true && stderr.isTTY === true,
    colours: stdout.isTTY === true && color && NO_COLOR === undefined && TERM !== 'dumb',
    width: stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY,
    write: (text) =>
      text === ''
        ? Promise.resolve()
        : new Promise((resolve, reject) => stdout.write(text, (error) => (error ? reject(error) : resolve()))),
    writeError: (text) => void stderr.write(text),
  });
}

const usualUrl = 'http://127.0.0.1:8080';

/** Environment variables replace what the profile says. Throws ConfigError for a profile that does not exist. */
function chooseProfile({ profile: given }: GlobalOptions, config: CliConfig): Profile & { name: string } {
  const file = profilesFile(config);
  const { current, profiles } = readProfiles(file);
  const asked = given ?? config.POSTHORN_PROFILE;
  const name = asked ?? current ?? localProfile;
  const stored = profiles[name];
  if (!stored && asked !== undefined)
    throw new ConfigError(`There is no profile ${name} in ${file}. \`posthorn profiles list\` shows those that exist.`);
  const url = config.POSTHORN_URL ?? stored?.url ?? usualUrl;
  // a key goes only to the Posthorn it was stored for
  const isSame = stored !== undefined && new URL(url).origin === new URL(stored.url).origin;
  const apiKey = config.POSTHORN_API_KEY ?? (isSame ? keyOf(stored) : undefined);
  return { name, url, apiKey, tenant: config.POSTHORN_TENANT ?? (isSame ? stored.tenant : undefined) };
}

function keyOf({ apiKey, apiKeyFile }: Profile): string | undefined {
  if (apiKey !== undefined || apiKeyFile === undefined) return apiKey;
  try {
    return readFileSync(apiKeyFile, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`${apiKeyFile} cannot be read: ${(error as Error).message}. Run \`npm start\` again, or \`posthorn login\`.`);
  }
}
