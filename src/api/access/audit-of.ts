// Describes a request for the audit log: actor, action, address, request id.
import type { Response } from 'express';
import type { Audit } from '#db/audit/audit';
import type { Caller } from '#domain/access/access';
import type { Route } from '../http/route.ts';

const nothing: Audit = {
  get actor(): never {
    throw new Error('this route declares no audit action');
  },
  action: 'endpoint.change',
  address: null,
  requestId: null,
};

/**
 * For a route without an `audit` action, reading the result's `actor` throws: such a route must not write to the audit
 * log.
 */
export function auditOf({ audit: action }: Route, { kind, id, signedIn, address }: Caller, response: Response): Audit {
  if (!action) return nothing;
  return {
    actor: { kind, id, ...(signedIn && { name: signedIn.name }) },
    action,
    address,
    requestId: String(response.getHeader('x-request-id')),
  };
}
