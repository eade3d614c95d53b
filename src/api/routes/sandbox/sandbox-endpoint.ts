// Creates the endpoint of a sandbox, exactly as `POST …/endpoints` does.
import type { z } from 'zod';
import { memberTexts } from '#domain/events/json-slices';
import type { newSandbox } from '#domain/sandbox/sandbox-endpoint';
import { Problem } from '../../http/problem.ts';
import type { Call } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { createEndpointRoute } from '../endpoints/endpoints.ts';

interface Asked {
  url: string;
  settings: NonNullable<z.output<typeof newSandbox>['endpoint']>;
}

/** Throws the problems of `POST …/endpoints`; paths of its fields begin with `endpoint.`. */
export async function makeSandboxEndpoint(
  deps: ApiDeps,
  { caller, audit, ...call }: Call<{ tenant: string }, unknown, unknown>,
  { url, settings }: Asked,
): Promise<{ id: string; secret: string }> {
  try {
    const { text } = await createEndpointRoute(deps).handler({
      ...call,
      members: memberTexts(call.members.get('endpoint') ?? '{}').members,
      // a sandbox needs no consent, whatever the operator requires of other servers
      caller: { ...caller, tenant: null },
      body: { ...settings, url, verification: 'none' },
      audit: { ...audit, action: 'endpoint.create' },
    });
    return JSON.parse(text ?? '{}');
  } catch (error) {
    if (!(error instanceof Problem) || error.errors.length === 0) throw error;
    const errors = error.errors.map(({ path, message }) => ({ path: `endpoint.${path}`, message }));
    throw new Problem(error.status, `endpoint.${error.message}`, { errors, headers: error.headers });
  }
}
