// Idempotency-Key: a request with a key runs once; for 24 hours a repeat gets the stored answer.
// Stored answers are encrypted, because they can contain secrets.
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { abandonClaim, claimKey, freeKey, type KeyRef, renewClaim, storeAnswer } from '#db/access/idempotency';
import type { ContentEncryption } from '#db/keys/content-encryption';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import type { Vault } from '#sealing/vault';
import { type Ids, idsOfSeed } from '../http/ids.ts';
import { invalid, Problem, toProblem } from '../http/problem.ts';
import { type Answer, etagIn } from '../http/route.ts';

export interface IdempotencyDeps {
  db: Db;
  vault: Vault;
  contents: ContentEncryption;
  log: Logger;
}

export interface KeyedRequest extends KeyRef {
  requestHash: Uint8Array;
  run(ids: Ids): Promise<Answer>;
}

const patienceMs = 30_000;
const renewEveryMs = 3_000;
const abandonForMs = 10_000;

/** The key, scoped to its caller. Throws a 422 if the key is malformed. */
export function readKey(key: string, caller: string): KeyRef {
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw invalid([{ path: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' }]);
  return { scope: createHash('sha256').update(caller).digest('hex').slice(0, 32), key };
}

/** `ifMatch`: the header. */
export function hashRequest(method: string, url: string, body: unknown, ifMatch?: string): Uint8Array {
  const hash = createHash('sha256').update(`${method} ${url}\n`);
  if (ifMatch !== undefined) hash.update(`if-match: ${ifMatch}\n`);
  return (Buffer.isBuffer(body) ? hash.update(body) : hash).digest();
}

/**
 * Runs the request, or repeats the stored answer. Waits up to 30 s for a run that is in progress, then throws a 409.
 */
export async function once(deps: IdempotencyDeps, request: KeyedRequest): Promise<Answer> {
  const { scope, key } = request;
  const requestHash = (await deps.contents.hasher())(request.requestHash);
  const claim = randomUUID();
  const seed = newId('evt');
  const deadline = performance.now() + patienceMs;
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 500)) {
    const claimed = await claimKey(deps.db, { scope, key, claim, requestHash, seed });
    switch (claimed.kind) {
      case 'mine':
        return runClaimed(deps, request, claim, claimed.seed, claimed.seed !== seed);
      case 'answered':
        return repeated(claimed.status, deps.vault.open(claimed.sealedResponse, contextOf(request)));
      case 'other_request':
        throw new Problem(
          409,
          'This Idempotency-Key was used with a different request. Path and body are compared byte for byte: send the same bytes again, or use another key.',
        );
      case 'running':
        if (performance.now() > deadline) {
          throw new Problem(409, 'A request with this Idempotency-Key is still in progress. Retry after the time in Retry-After.', {
            headers: { 'retry-after': '5' },
          });
        }
        await delay(pause);
    }
  }
}

/** `again`: an earlier run used this seed, and its result is unknown. */
async function runClaimed(deps: IdempotencyDeps, request: KeyedRequest, claim: string, seed: string, again: boolean): Promise<Answer> {
  const renewal = setInterval(() => void renewClaim(deps.db, request, claim).catch(() => undefined), renewEveryMs);
  try {
    const answered = await request.run(idsOfSeed(seed));
    const sealed = deps.vault.seal(Buffer.from(answered.text ?? ''), contextOf(request));
    await storeAnswer(deps.db, request, claim, answered.status, sealed);
    return answered;
  } catch (error) {
    // an earlier run with this seed may have committed, even if this run is refused (by its rate limit, say): keep the
    // seed for the next repeat
    if (toProblem(error).status < 500 && !again) await freeKey(deps.db, request, claim);
    else void abandon(deps, request, claim);
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

/** Retries for 10 s, because the database may be unavailable right now. After that the claim simply expires. */
async function abandon({ db, log }: IdempotencyDeps, request: KeyRef, claim: string): Promise<void> {
  const deadline = performance.now() + abandonForMs;
  for (;;) {
    try {
      return await abandonClaim(db, request, claim);
    } catch (error) {
      if (performance.now() > deadline) return log.warn({ err: error }, 'idempotency.claim_left');
      await delay(250);
    }
  }
}

function repeated(status: number, stored: Uint8Array): Answer {
  const text = stored.length === 0 ? null : Buffer.from(stored).toString();
  return { status, text, headers: { 'idempotency-replayed': 'true' }, ...etagOf(text) };
}

/** Not every answer is JSON. */
function etagOf(text: string | null): Pick<Answer, 'etag'> {
  try {
    return text?.includes('"etag"') ? etagIn(JSON.parse(text)) : {};
  } catch {
    return {};
  }
}

function contextOf({ scope, key }: KeyRef): string {
  return `idempotency/${scope}/${key}`;
}
