// A caller that is bound to one tenant: what it names must be its own, and what it asks runs in its name (db/tenant-scope.ts).
//
// What is another's is answered as what does not exist. An id that nothing here knows the owner of, and a route that names no tenant, are not for such a caller:
// a new route is closed to it until it is said here, or in its schemas, whose it is.
import { z } from 'zod';
import type { Db } from '#db/store/pool';
import { seesDelivery, seesEndpoint } from '#db/store/tenant-filter';
import { asTenant } from '#db/store/tenant-scope';
import { notFound, Problem } from '../http/problem.ts';
import type { Answer, Call, Route } from '../http/route.ts';

type AnyCall = Call<unknown, unknown, unknown>;
type Named = Record<string, unknown>;

/** By the name of a path's parameter; `event` and `subject` are looked up within their tenant, whose key is in the same path. */
const sees: Record<string, (db: Db, id: string) => Promise<boolean>> = {
  tenant: async () => true,
  event: async () => true,
  subject: async () => true,
  // revoked where they are the tenant's, and nothing else is done with them
  key: async () => true,
  link: async () => true,
  endpoint: seesEndpoint,
  delivery: seesDelivery,
};

/** The route, as bound callers get it; for others it is what it was. `db`: a scoped one. */
export function guardTenant(route: Route, db: Db): Route {
  const forAll = !/:/.test(route.path) && !names(route.query, 'tenant') && !names(route.body, 'tenant');
  return {
    ...route,
    async handler(call) {
      const { tenant } = call.caller;
      if (!tenant) return route.handler(call);
      if (forAll) throw new Problem(403, 'This key is bound to one tenant, and this is of all tenants.');
      const own = inName(call, tenant.key, route);
      return asTenant({ tenantId: tenant.id, readOnly: route.method === 'get' }, () => answerOwn(route, db, own));
    },
  };
}

async function answerOwn(route: Route, db: Db, call: AnyCall): Promise<Answer> {
  for (const [name, value] of Object.entries(call.params as Named)) {
    const seen = await sees[name]?.(db, String(value));
    if (!seen) throw notFound(name);
  }
  return route.handler(call);
}

/** The call with its tenant where a list may be of one; a 404 where it names another. */
function inName(call: AnyCall, key: string, { query }: Route): AnyCall {
  for (const named of [call.params, call.query, call.body]) {
    const { tenant = key } = (named ?? {}) as Named;
    if (tenant !== key) throw notFound('tenant');
  }
  return names(query, 'tenant') ? { ...call, query: { ...(call.query as Named), tenant: key } } : call;
}

function names(schema: z.ZodType | undefined, name: string): boolean {
  return schema instanceof z.ZodObject && name in schema.shape;
}
