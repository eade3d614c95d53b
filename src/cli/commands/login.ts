// `posthorn login` and `posthorn profiles`: where Posthorn is and the key for it, stored under a name.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { PosthornProblem } from '#client';
import { readCliConfig } from '#config/cli';
import { version } from '#config/package';
import { localProfile, profilesFile, readProfiles, writeProfiles } from '#profiles/profiles';
import { Api } from '../connection/api.ts';
import { textOf } from '../connection/given.ts';
import { local } from '../connection/session.ts';
import { CommandFailed, UsageError } from '../terminal/exit-codes.ts';
import type { Output } from '../terminal/output.ts';
import { column } from './listing.ts';

interface LoginOptions {
  url?: string;
  key?: string;
  tenant?: string;
  name: string;
}

export function addLoginCommands(program: Command): void {
  program
    .command('login')
    .description('store where Posthorn is and a key for it, and use them from now on')
    .option('--url <url>', 'URL of the API')
    .option('--key <key>', 'API key, @file or - for standard input; asked for if it is missing')
    .option('-t, --tenant <id>', 'the tenant of commands without --tenant')
    .option('--name <name>', 'name of the profile', 'default')
    .action(local(login));
  const group = program.command('profiles').alias('profile').description('stored logins');
  group.command('list').alias('ls').description('list profiles').action(local(list));
  group.command('use <name>').description('use this profile from now on').action(local(use));
  group.command('remove <name>').description('forget a profile').action(local(remove));
}

const file = () => profilesFile(readCliConfig());

async function login(output: Output, { url: givenUrl, key: givenKey, tenant, name }: LoginOptions): Promise<void> {
  const url = givenUrl ?? (await ask('URL of the API: '));
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new UsageError(`--url: ${url} must be http:// or https://`);
  const apiKey = (givenKey === undefined ? await ask('API key: ', true) : textOf(givenKey)).trim();
  await check(url, apiKey);
  const known = readProfiles(file());
  const profile = { url, apiKey, ...(tenant !== undefined && { tenant }) };
  writeProfiles(file(), { current: name, profiles: { ...known.profiles, [name]: profile } });
  await output.show({ profile: name, url, tenant: tenant ?? null }, `Logged in to ${url}. The profile ${name} is stored in ${file()}.`);
}

/** The key is right if the API knows it, whatever it may do. */
async function check(url: string, apiKey: string): Promise<void> {
  const api = new Api(url, apiKey, `posthorn-cli/${version}`);
  await api.get('/v1/deliveries', { limit: 1 }).catch((error: unknown) => {
    if (error instanceof PosthornProblem && error.status === 403) return;
    throw error;
  });
}

/** `hidden`: what is typed is not shown. */
async function ask(question: string, hidden = false): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw new UsageError(`${hidden ? '--key' : '--url'} is missing`);
  let isSilent = false;
  const shown = new Writable({
    write(chunk, _encoding, done) {
      if (!isSilent) stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: stdin, output: shown, terminal: true });
  try {
    const answer = lines.question(question);
    isSilent = hidden;
    return await answer;
  } finally {
    lines.close();
    if (hidden) stderr.write('\n');
  }
}

async function list(output: Output): Promise<void> {
  const { current = localProfile, profiles } = readProfiles(file());
  type Row = { name: string; current: boolean; url: string; tenant: string | null };
  const rows = Object.entries(profiles).map(([name, { url, tenant = null }]): Row => ({ name, current: name === current, url, tenant }));
  const columns = [
    { title: 'NAME', of: ({ name, current: isCurrent }: Row) => (isCurrent ? `${name} *` : name) },
    column<Row>('URL', 'url'),
    column<Row>('TENANT', 'tenant'),
  ];
  await output.list(rows, { columns, empty: 'There are no profiles. `posthorn login` stores one.' });
}

async function use(output: Output, name: string): Promise<void> {
  const known = readProfiles(file());
  if (!known.profiles[name]) throw new CommandFailed(`There is no profile ${name}.`);
  writeProfiles(file(), { ...known, current: name });
  output.note(`Commands use the profile ${name}.`);
}

async function remove(output: Output, name: string): Promise<void> {
  const { current, profiles } = readProfiles(file());
  if (!profiles[name]) throw new CommandFailed(`There is no profile ${name}.`);
  const { [name]: _removed, ...others } = profiles;
  writeProfiles(file(), { ...(current !== undefined && current !== name && { current }), profiles: others });
  output.note(`The profile ${name} is removed. Its key stays valid: \`posthorn api-keys revoke\` revokes one.`);
}
