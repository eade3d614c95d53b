// Profiles: where a Posthorn is and the key for it, by name. They are stored in one file that only its user can read.
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type Config, ConfigError } from '#config/config';

const profile = z.object({
  url: z.url(),
  apiKey: z.string().optional(),
  /** Of a key that is stored elsewhere, such as the data folder of `npm start`. */
  apiKeyFile: z.string().optional(),
  tenant: z.string().optional(),
});
export type Profile = z.infer<typeof profile>;

const profiles = z.object({
  /** Of commands that name no profile. */
  current: z.string().optional(),
  profiles: z.record(z.string(), profile).default({}),
});
export type Profiles = z.infer<typeof profiles>;

/** The profile that `npm start` writes. */
export const localProfile = 'local';

/** The file of the profiles. It holds API keys. */
export function profilesFile({ XDG_CONFIG_HOME: folder }: Pick<Config, 'XDG_CONFIG_HOME'>): string {
  return join(folder ?? join(homedir(), '.config'), 'posthorn/profiles.json');
}

/** No file: no profiles. Throws ConfigError for a file that cannot be read. */
export function readProfiles(file: string): Profiles {
  try {
    return profiles.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { profiles: {} };
    throw new ConfigError(`${file} cannot be read: ${(error as Error).message}. Correct or delete it, then run \`posthorn login\`.`);
  }
}

export function writeProfiles(file: string, changed: Profiles): void {
  writePrivate(file, changed);
}

/** The file appears complete or not at all, readable only by its user. */
export function writePrivate(file: string, value: object): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}

/** Writes the profile of a Posthorn that runs on this machine. Other profiles stay as they are. */
export function writeLocalProfile(file: string, local: Profile): void {
  const known = readProfiles(file);
  writeProfiles(file, { ...known, profiles: { ...known.profiles, [localProfile]: local } });
}
