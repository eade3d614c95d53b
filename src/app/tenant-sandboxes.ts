// The sandboxes of tenants, in PostgreSQL. A request to one is open to anyone, so only a few are
// looked up and recorded at once.

import { readDeliveryRef } from '#db/deliveries/delivery-refs';
import { readEndpoint } from '#db/endpoints/endpoints';
import type { ContentEncryption } from '#db/keys/content-encryption';
import { countSandboxAttempt, recordSandboxRequest } from '#db/sandbox/sandbox-requests';
import { readSandbox, type StoredSandbox } from '#db/sandbox/sandboxes';
import type { Db } from '#db/store/pool';
import { hidden } from '#domain/endpoints/endpoint-target';
import { isId } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { limitConcurrency } from '#sandbox/concurrency-limit';
import type { RecordedRequest } from '#sandbox/recordings';
import type { OpenTenantSandbox } from '#sandbox/tenant-sandboxes';
import type { EndpointSigning } from '#sandbox/verify-request';
import type { Vault } from '#sealing/vault';
import { signingOfEndpoint } from './endpoint-signing.ts';

interface Deps {
  db: Db;
  vault: Pick<Vault, 'open'>;
  contents: Pick<ContentEncryption, 'seal'>;
}

const atOnce = { running: 2, waiting: 1_000 };
/** Longer values are cut: Posthorn sends shorter ones. */
const maxKept = 200;

export function createOpenTenantSandbox({ db, vault, contents }: Deps): OpenTenantSandbox {
  const limited = limitConcurrency(atOnce, (work: () => Promise<unknown>) => work());
  const inTurn = <T>(work: () => Promise<T>) => limited(work) as Promise<T>;
  return async (sandboxId) => {
    const sandbox = await inTurn(() => readSandbox(db, sandboxId));
    if (!sandbox) return null;
    return {
      script: sandbox.script,
      signingOf: (named) => inTurn(() => signingFor(db, vault, sandbox, named)),
      countAttempt: (event) => inTurn(() => countSandboxAttempt(db, sandboxId, event)),
      record: (request) => inTurn(() => record({ db, contents }, sandboxId, request)),
    };
  };
}

/**
 * The signing of the endpoint that the request names, if it belongs to the tenant of the sandbox, else of the endpoint
 * of the sandbox: a conformance run names a delivery that does not exist.
 */
async function signingFor(
  db: Db,
  vault: Pick<Vault, 'open'>,
  sandbox: StoredSandbox,
  named: string | null,
): Promise<EndpointSigning | null> {
  const endpointId = named === null || isId('ep', named) ? named : (await readDeliveryRef(db, named))?.endpointId;
  const endpoint = endpointId ? await readEndpoint(db, endpointId) : null;
  if (endpoint && endpoint.tenant === sandbox.tenant) return signingOfEndpoint(db, vault, endpoint);
  const own = await readEndpoint(db, sandbox.endpoint);
  return own && signingOfEndpoint(db, vault, own);
}

async function record({ db, contents }: Pick<Deps, 'db' | 'contents'>, sandboxId: string, request: RecordedRequest): Promise<void> {
  const { webhookId, delivery, attempt, method, signature, statusAnswered, headers, body, bodyBytes } = request;
  const id = newId('sbr');
  const plain = Buffer.from(JSON.stringify({ headers: masked(headers), body }));
  const [content = Buffer.alloc(0)] = await contents.seal([{ ofDay: id, context: id, plain }]);
  const short = (text: string | null) => text?.slice(0, maxKept) ?? null;
  const shown = { webhookId: short(webhookId), delivery: short(delivery), attempt, method, signature, statusAnswered, bodyBytes };
  await recordSandboxRequest(db, sandboxId, { id, ...shown, content });
}

/** The credentials of an endpoint are never shown again, so only their kind is kept. */
function masked({ authorization, ...headers }: Record<string, string>): Record<string, string> {
  if (authorization === undefined) return headers;
  const [kind = '', ...credentials] = authorization.split(' ');
  return { ...headers, authorization: credentials.length > 0 ? `${kind} ${hidden}` : hidden };
}
