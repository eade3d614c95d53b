// A conformance run from this machine, without a Posthorn server: against a receiver that is being
// written. Requests may go to this machine, and to networks that the user names.

import { version } from '#config/package';
import { type ConformanceWish, runConformance } from '#conformance/run';
import type { ConformanceReport } from '#domain/conformance/conformance';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import { signingSecret } from '#outbound/signing-secret';

export interface LocalRun extends ConformanceWish {
  url: string;
  /** `whsec_…` */
  secret: string;
  /** Private networks besides this machine. */
  networks: readonly string[];
}

const timeoutMs = 15_000;
const mostAtOnce = 10;

/** `problem`: why requests may not go to the URL. */
export async function runHere({ url, secret, networks, ...wish }: LocalRun): Promise<ConformanceReport | { problem: string }> {
  const guard = createAddressGuard({ allowCidrs: ['127.0.0.0/8', '::1/128', ...networks] });
  const verdict = guard.checkUrl(url);
  if (!verdict.ok) return { problem: verdict.reason };
  const sender = createSender({ guard, userAgent: `Posthorn/${version}` });
  try {
    const target = { url, headers: {}, auth: null, tls: null };
    const secrets = [signingSecret('sec_local', secret)];
    const settings = { format: 'standard', signing: null, timeoutMs, isBatched: false, mostAtOnce, keyPairs: [] } as const;
    return await runConformance(sender, { endpointId: null, tenantId: '', target, secrets, ...settings }, wish);
  } finally {
    await sender.close();
  }
}
