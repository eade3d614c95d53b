// The sandbox: a receiver for trying webhooks. It records requests, verifies their signatures as a
// receiver would, and answers by a script in the URL. Anyone may post to it, so everything it keeps
// is limited. Reading and deleting need the admin key.
import { createHash, timingSafeEqual } from 'node:crypto';
import { type NextFunction, type Request, type Response, Router } from 'express';
import { isId } from '#domain/ids';
import { answer, defaultPace, type Pace, statusOf } from './answer.ts';
import { checkSignature } from './check-signature.ts';
import { TooManyCalls } from './concurrency-limit.ts';
import { createReadBody, type SandboxBody } from './read-body.ts';
import { createRecordings, type KeptRecordings } from './recordings.ts';
import { parseScript, type Step, stepFor } from './script.ts';
import type { OpenSandbox, OpenTenantSandbox } from './tenant-sandboxes.ts';
import type { EndpointSigning } from './verify-request.ts';

export interface SandboxOptions {
  /** Takes the id of an endpoint or a delivery. Null: there is no such endpoint or delivery. */
  signingOf(id: string): Promise<EndpointSigning | null>;
  /** The admin key, required for reading and deleting recordings. */
  apiKey: string;
  recordings?: KeptRecordings | undefined;
  /** The sandboxes of tenants, under ids that begin with `sbx_`. Default: there are none. */
  ofTenants?: OpenTenantSandbox | undefined;
  pace?: Pace;
}

const maxBodyKept = 256 * 1024;
/** Longer ids are cut: Posthorn sends shorter ones. */
const maxIdKept = 200;

/** Mount at `/sandbox`, before any body parser. */
export function createSandbox(options: SandboxOptions): Router {
  const { signingOf, apiKey, recordings = createRecordings(), ofTenants, pace = defaultPace } = options;
  const router = Router();
  const readBody = createReadBody();
  router.param('id', (_request, response, next, id: string) =>
    /^[A-Za-z0-9_-]{1,64}$/.test(id) ? next() : refuse(response, 404, 'invalid sandbox id: use 1 to 64 letters, digits, - or _'),
  );
  const open = (request: Request<{ id: string }>) =>
    ofTenants && isId('sbx', request.params.id) ? ofTenants(request.params.id) : inMemory(request, recordings, signingOf);

  router.post('/:id', async (request: Request<{ id: string }>, response) => {
    const body = await readBody(request);
    if (!body) return;
    try {
      await receive(request, response, body, { open, pace });
    } catch (error) {
      if (!(error instanceof TooManyCalls)) throw error;
      refuse(response.set('retry-after', '1'), 503, 'The sandbox receives too many requests.');
    }
  });

  router.use('/:id', requireKey(apiKey), (request: Request<{ id: string }>, response, next) =>
    isId('sbx', request.params.id) ? refuse(response, 404, 'Read it with GET /v1/sandbox-endpoints/{id}/requests.') : next(),
  );
  router.get('/:id', async (request, response) => {
    response.set('cache-control', 'no-store').json({ requests: await recordings.requestsOf(request.params.id) });
  });
  router.delete('/:id', async (request, response) => {
    await recordings.forget(request.params.id);
    response.status(204).end();
  });
  return router;
}

interface Receiving {
  open(request: Request<{ id: string }>): Promise<OpenSandbox | null>;
  pace: Pace;
}

/** Records a request and answers it. */
async function receive(request: Request<{ id: string }>, response: Response, body: SandboxBody, { open, pace }: Receiving): Promise<void> {
  const sandbox = await open(request);
  if (!sandbox) return refuse(response, 404, 'There is no such sandbox.');
  const receivedAt = new Date().toISOString();
  const signature = await checkSignature(request, body, sandbox.signingOf);
  const step = await nextStep(request, sandbox);
  await sandbox.record({
    receivedAt,
    method: request.method,
    webhookId: request.get('webhook-id') ?? null,
    delivery: request.get('posthorn-delivery') ?? null,
    attempt: attemptOf(request),
    signature,
    statusAnswered: 'problem' in step ? 400 : statusOf(step),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
    ),
    body: body.start.subarray(0, maxBodyKept).toString(),
    bodyBytes: body.bytes,
  });
  if ('problem' in step) refuse(response, 400, `script ${step.problem}`, [{ path: 'script', message: step.problem }]);
  else await answer(step, request, response, pace);
}

/** A sandbox that nobody has made: its script is in the URL, and this process keeps what it receives. */
async function inMemory(
  { params: { id }, query: { script } }: Request<{ id: string }>,
  recordings: KeptRecordings,
  signingOf: SandboxOptions['signingOf'],
): Promise<OpenSandbox> {
  return {
    script,
    signingOf: async (named) => (named === null ? null : signingOf(named)),
    countAttempt: (event) => recordings.countAttempt(id, event),
    record: (recorded) => recordings.record(id, recorded),
  };
}

async function nextStep(request: Request, { script = '', countAttempt }: OpenSandbox): Promise<Step | { problem: string }> {
  const parsed = typeof script === 'string' ? parseScript(script) : { problem: 'must be given only once' };
  if ('problem' in parsed) return parsed;
  const isAlwaysTheSame = parsed.steps.length === 1;
  const attempt = isAlwaysTheSame ? 1 : await countAttempt((request.get('webhook-id') ?? '').slice(0, maxIdKept));
  return stepFor(parsed.steps, attempt);
}

function attemptOf(request: Request): number | null {
  const attempt = request.get('posthorn-attempt') ?? '';
  return /^\d{1,9}$/.test(attempt) ? Number(attempt) : null;
}

function requireKey(apiKey: string) {
  const right = digest(`Bearer ${apiKey}`);
  return (request: Request, response: Response, next: NextFunction): void => {
    const given = (request.get('authorization') ?? '').replace(/^bearer +/i, 'Bearer ');
    if (timingSafeEqual(digest(given), right)) next();
    else refuse(response.set('www-authenticate', 'Bearer'), 401, 'Send the admin key as Authorization: Bearer <key>.');
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refuse(response: Response, status: number, detail: string, errors: { path: string; message: string }[] = []): void {
  const title = { 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found', 503: 'Service Unavailable' }[status];
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, detail, errors }));
}
