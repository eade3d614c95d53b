// `posthorn api-keys`: creates, lists and revokes API keys directly in the database.
// It needs no further permission, because access to the database allows all of this anyway.
import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { type Config, ConfigError } from '#config/config';
import { createApiKey, listApiKeys } from '#db/access/api-keys';
import { revokeApiKey } from '#db/access/key-descendants';
import { readTenant } from '#db/access/tenants';
import { byHand } from '#db/audit/audit';
import { createPool, type Db } from '#db/store/pool';
import { scopesOf } from '#domain/access/access';
import { newApiKey } from '#domain/access/api-key';
import { duration, durationMs } from '#domain/deliveries/retry-schedule';
import { isId } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { makeKey } from '#sealing/new-api-key';

const usage = `Usage: posthorn api-keys <command>

  create --name <name> --scopes <scope,…> [--tenant <tenant>] [--expires-in 90d] [--cidrs <cidr,…>] [--per-second <n> [--burst <n>]]
                  creates a key and prints it; it is shown only once
  list [--tenant <tenant>]
  revoke <id>     revokes the key and all keys created with it, within 5 s

DATABASE_URL names the database.`;

const text = { type: 'string' } as const;
const options = { name: text, scopes: text, tenant: text, 'expires-in': text, cidrs: text, 'per-second': text, burst: text };
type Given = { [name in keyof typeof options]?: string };

const pageSize = 250;
const longestLifeMs = 36_500 * 86_400_000;

/** Throws ConfigError for invalid arguments. */
export async function apiKeys(args: string[], { DATABASE_URL: url }: Config, print: (line: string) => void): Promise<void> {
  const [command, id = '', given] = read(args);
  if (url === undefined) throw new ConfigError('DATABASE_URL must be set.');
  const db = createPool({ url, max: 1, onError: () => undefined });
  try {
    if (command === 'create') await create(db, given, print);
    else if (command === 'list') await list(db, given, print);
    else await revoke(db, id, print);
  } finally {
    await db.end();
  }
}

function read(args: string[]): [command: string, id: string | undefined, given: Given] {
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [command = '', id] = positionals;
    if (!['create', 'list', 'revoke'].includes(command) || positionals.length !== (command === 'revoke' ? 2 : 1)) throw new Error(usage);
    return [command, id, values];
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

async function create(db: Db, given: Given, print: (line: string) => void): Promise<void> {
  const { name, scopes, tenant, expiresAt, cidrs, rateLimit } = checked(given);
  const { key, hash, prefix } = makeKey();
  const toMake = {
    keyId: newId('key'),
    tenantId: await tenantId(db, tenant),
    hash,
    prefix,
    name,
    scopes: scopesOf(scopes),
    cidrs: cidrs ?? [],
    rateLimit: rateLimit ?? null,
    expiresAt: expiresAt ?? null,
    createdBy: 'cli',
  };
  const made = await createApiKey(db, toMake, byHand('api_key.create'));
  print(`${made?.id}\n${key}`);
}

/** Converts the options into the body of an API request and validates it by the same rules. */
function checked(given: Given): z.output<typeof newApiKey> {
  const { name, tenant, scopes = '', cidrs, 'per-second': perSecond, burst, 'expires-in': expiresIn } = given;
  const life = duration.optional().safeParse(expiresIn);
  if (!life.success) throw new ConfigError(`--expires-in: ${life.error.issues[0]?.message}`);
  const lifeMs = life.data === undefined ? undefined : durationMs(life.data);
  if (lifeMs === 0) throw new ConfigError('--expires-in: must be longer than 0');
  if (lifeMs !== undefined && lifeMs > longestLifeMs)
    throw new ConfigError('--expires-in: must be at most 36500d; omit it for a key that does not expire');
  if (burst !== undefined && perSecond === undefined) throw new ConfigError('--burst: needs --per-second');
  const body = newApiKey.safeParse({
    name,
    tenant,
    scopes: scopes.split(',').filter(Boolean),
    cidrs: cidrs?.split(','),
    expiresAt: lifeMs && new Date(Date.now() + lifeMs).toISOString(),
    rateLimit:
      perSecond === undefined ? undefined : { perSecond: Number(perSecond), burst: burst === undefined ? undefined : Number(burst) },
  });
  if (body.success) return body.data;
  throw new ConfigError(body.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
}

async function list(db: Db, { tenant }: Given, print: (line: string) => void): Promise<void> {
  const of = await tenantId(db, tenant);
  for (let before: string | null = null; ; ) {
    const page = await listApiKeys(db, of, before, pageSize);
    for (const key of page) print(JSON.stringify(key));
    before = page.at(-1)?.id ?? null;
    if (page.length < pageSize) return;
  }
}

async function revoke(db: Db, id: string, print: (line: string) => void): Promise<void> {
  const revoked = isId('key', id) ? await revokeApiKey(db, id, null, byHand('api_key.revoke')) : null;
  if (!revoked) throw new ConfigError(`API key not found: ${id}`);
  for (const one of [id, ...revoked.filter((other) => other !== id)]) print(`${one} revoked`);
}

async function tenantId(db: Db, key: string | undefined): Promise<string | null> {
  if (key === undefined) return null;
  const tenant = await readTenant(db, key);
  if (!tenant) throw new ConfigError(`tenant not found: ${key}`);
  return tenant.id;
}
