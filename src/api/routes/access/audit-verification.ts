// GET /v1/audit-log/verification: whether the audit log is as it was written. As `posthorn audit verify`, over the API.
import { z } from 'zod';
import { verifyAudit } from '#db/audit/audit-chain';
import { auditRights } from '#db/audit/audit-rights';
import { type AuditVerification, auditVerification } from '#domain/access/audit';
import { createSingleFlight } from '#domain/single-flight';
import { auditVerificationExample } from '../../examples/access.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

export const auditVerificationRoute = ({ db }: ApiDeps): Route => {
  // the whole log is read each time: who asks meanwhile gets the same answer
  const running = createSingleFlight<AuditVerification>();
  return route({
    method: 'get',
    path: '/v1/audit-log/verification',
    operationId: 'verifyAuditLog',
    summary: 'Verify the audit log',
    description:
      'Computes the hash of every entry again, and checks that nobody but a superuser can change the log. It reads the whole log: about a second for 100,000 entries. Keep `head` elsewhere, and send it as `expect` the next time: if the end of the log was cut off or all of it was written again, that hash is missing.',
    scope: 'admin',
    allTenants: true,
    query: z.strictObject({
      expect: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'must be a hash of 64 hex digits')
        .optional()
        .describe('A `head` of an earlier answer, or the hash of any entry, that must still be in the log.'),
    }),
    answers: { 200: { description: 'What was found.', schema: auditVerification, example: auditVerificationExample } },
    async handler({ query: { expect } }) {
      return answer(
        200,
        await running.share(expect ?? '', async () => {
          const [{ faults, remarks }, found] = [await auditRights(db), await verifyAudit(db, expect ?? null)];
          const broken = 'reason' in found ? { seq: found.seq, reason: found.reason } : null;
          const whole = 'reason' in found ? { entries: null, head: null } : { entries: found.entries, head: found.head };
          return { unbroken: broken === null, ...whole, broken, unguarded: faults, remarks };
        }),
      );
    },
  });
};
