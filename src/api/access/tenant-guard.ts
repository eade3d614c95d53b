// Restricts a caller that is bound to one tenant to that tenant, for every route
// (db/store/tenant-scope.ts). Things of another tenant answer 404. A route is closed to such
// callers unless `sees` or its schemas name the tenant: a new route is closed by default.
import { z } from 'zod';
import type { Db } from '#db/store/pool';
import { seesAlert, seesAlertChannel, seesDelivery, seesEndpoint, seesReplay, seesSandbox } from '#db/store/tenant-filter';
import { asTenant } from '#db/store/tenant-scope';
import { notFound, Problem } from '../http/problem.ts';
import type { Answer, Call, Route } from '../http/route.ts';

type AnyCall = Call<unknown, unknown, unknown>;
type Named = Record<string, unknown>;

/**
 * Whether the tenant owns an id, by the name of the path parameter. `event` and `subject` are looked up within the
 * tenant of the same path.
 */
const sees: Record<string, (db: Db, id: string) => Promise<boolean>> = {
  tenant: async () => true,
  event: async () => true,
  subject: async () => true,
  // the statement that revokes them filters by tenant, and no other operation takes them
  key: async () => true,
  link: async () => true,
  session: async () => true,
  endpoint: seesEndpoint,
  delivery: seesDelivery,
  // looked up within its delivery
  attempt: async () => true,
  alert: seesAlert,
  channel: seesAlertChannel,
  replay: seesReplay,
  sandbox: seesSandbox,
  // the statements that take them filter by endpoint
  request: async () => true,
  secret: async () => true,
  // of the catalogue, which belongs to no tenant; row-level security hides internal types
  type: async () => true,
  version: async () => true,
};

/** Wraps a route for callers that are bound to a tenant. Other callers get it unchanged. `db` must be a scoped one. */
export function guardTenant(route: Route, db: Db): Route {
  const named = names(route.query, 'tenant') || names(route.body, 'tenant') || names(route.body, 'endpoint');
  const forAll = !route.shared && !/:/.test(route.path) && !named;
  return {
    ...route,
    async handler(call) {
      const { tenant } = call.caller;
      if (!tenant) return route.handler(call);
      if (forAll) throw new Problem(403, 'This key is bound to a tenant, and the operation concerns all tenants.');
      const own = withinTenant(call, tenant.key, route);
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

/** The call, with the caller's tenant as the filter of a list. Throws a 404 if the call names another tenant. */
function withinTenant(call: AnyCall, key: string, { query }: Route): AnyCall {
  for (const named of [call.params, call.query, call.body]) {
    const { tenant = key } = (named ?? {}) as Named;
    if (tenant !== key) throw notFound('tenant');
  }
  return names(query, 'tenant') ? { ...call, query: { ...(call.query as Named), tenant: key } } : call;
}

function names(schema: z.ZodType | undefined, name: string): boolean {
  return schema instanceof z.ZodObject && name in schema.shape;
}
