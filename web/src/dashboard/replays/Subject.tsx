// What a replay job replays, and whose it is.
import type { Replay } from '@posthorn/client';
import { EndpointUrl } from '../../parts/EndpointUrl.tsx';
import { kindsOf } from './sentences.ts';

export function Subject({ job }: { job: Replay }) {
  const { endpoint, tenant } = job;
  return (
    <>
      {kindsOf(job)} of {endpoint ? <EndpointUrl id={endpoint} /> : (tenant ?? 'all tenants')}
    </>
  );
}
