// The sandbox: a receiver for trying webhooks. It records requests, verifies their signatures as a
// receiver would, and answers by a script in the URL. Anyone may post to it, so everything it keeps
// is limited. Reading and deleting need the admin key.
import { createHash, timingSafeEqual } from 'node:crypto';
import { type NextFunction, type Request, type Response, Router } from 'express';
import { answer, defaultPace, type Pace, statusOf } from './answer.ts';
import { checkSignature, type EndpointSigning } from './check-signature.ts';
import { createReadBody } from './read-body.ts';
import { createRecordings, type KeptRecordings } from './recordings.ts';
import { parseScript, type Step, stepFor } from './script.ts';

export interface SandboxOptions {
  /** Takes the id of an endpoint or a delivery. Null: there is no such endpoint or delivery. */
  signingOf(id: string): Promise<EndpointSigning | null>;
  /** The admin key, required for reading and deleting recordings. */
  apiKey: string;
  recordings?: KeptRecordings | undefined;
  pace?: Pace;
}

const maxBodyKept = 256 * 1024;

/** Mount at `/sandbox`, before any body parser. */
export function createSandbox({ signingOf, apiKey, recordings = createRecordings(), pace = defaultPace }: SandboxOptions): Router {
  const router = Router();
  const readBody = createReadBody();
  router.param('id', (_request, response, next, id: string) =>
    /^[A-Za-z0-9_-]{1,64}$/.test(id) ? next() : refuse(response, 404, 'invalid sandbox id: use 1 to 64 letters, digits, - or _'),
  );

  router.post('/:id', async (request: Request<{ id: string }>, response) => {
    const body = await readBody(request);
    if (!body) return;
    const receivedAt = new Date().toISOString();
    const signature = await checkSignature(request, body, signingOf);
    const step = await nextStep(request, recordings);
    await recordings.record(request.params.id, {
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
  });

  router.use('/:id', requireKey(apiKey));
  router.get('/:id', async (request, response) => {
    response.set('cache-control', 'no-store').json({ requests: await recordings.requestsOf(request.params.id) });
  });
  router.delete('/:id', async (request, response) => {
    await recordings.forget(request.params.id);
    response.status(204).end();
  });
  return router;
}

async function nextStep(request: Request<{ id: string }>, recordings: KeptRecordings): Promise<Step | { problem: string }> {
  const { script = '' } = request.query;
  const parsed = typeof script === 'string' ? parseScript(script) : { problem: 'must be given only once' };
  if ('problem' in parsed) return parsed;
  return stepFor(parsed.steps, await recordings.countAttempt(request.params.id, (request.get('webhook-id') ?? '').slice(0, 200)));
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
  const title = { 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found' }[status];
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, detail, errors }));
}
