// What a call says of itself to the audit log.
import type { Response } from 'express';
import type { Audit } from '#db/audit/audit';
import type { Caller } from '#domain/access';
import type { Route } from '../http/route.ts';

const nothing: Audit = {
  get actor(): never {
    throw new Error('this route states no audit action');
  },
  action: 'endpoint.change',
  address: null,
  requestId: null,
};

/** Of a route that states no action there is nothing to write: who tries is told. */
export function auditOf({ audit: action }: Route, { kind, id, address }: Caller, response: Response): Audit {
  if (!action) return nothing;
  return { actor: { kind, id }, action, address, requestId: String(response.getHeader('x-request-id')) };
}
