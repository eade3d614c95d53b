// Uses @posthorn/client in any runtime, with what all of them have. Prints `done`, or fails.
import { Posthorn, PosthornProblem, rawJson } from '@posthorn/client';

/** `url`, `apiKey`: of a running Posthorn. */
export async function walk(url, apiKey) {
  const posthorn = new Posthorn({ url, apiKey });
  const { id: tenant } = await posthorn.tenants.create({ name: 'Walk' });
  const stream = posthorn.stream({ tenant });
  // nothing is requested before it is asked for
  await stream.return();
  const { id: endpoint } = await posthorn.endpoints.create(tenant, { url: `${url}/sandbox/walk` });
  await posthorn.endpoints.pause(endpoint);
  const batcher = posthorn.events.batcher(tenant, { maxEvents: 10, maxWaitMs: 5 });
  for (let n = 0; n < 24; n++) await batcher.add({ type: 'walk.step', data: n });
  await batcher.close();
  await posthorn.events.send(tenant, { type: 'walk.step', data: rawJson('24') });
  const events = await posthorn.events.list(tenant, { limit: 7 }).toArray();
  if (events.length !== 25) throw new Error(`${events.length} events`);
  const problem = await posthorn.events.get(tenant, 'nothing').catch((error) => error);
  if (!(problem instanceof PosthornProblem) || problem.status !== 404) throw problem;
  const stopped = await posthorn.tenants.get(tenant, { signal: AbortSignal.abort(new Error('stopped')) }).catch((error) => error);
  if (stopped.message !== 'stopped') throw stopped;
  const got = new Set();
  while (got.size < 25) {
    await posthorn.missed.consume(endpoint, ({ body }) => void got.add(body.data));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  let lines = 0;
  for await (const line of posthorn.auditLog.export({ tenant })) lines += line.length > 0 ? 1 : 0;
  if (lines === 0) throw new Error('no audit log');
  await posthorn.tenants.delete(tenant);
  return 'done';
}
