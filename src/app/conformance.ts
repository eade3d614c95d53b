// Conformance runs in this process: reads the keys of an endpoint, and sends with a sender of its
// own, so that a run takes no slot and no connection of deliveries.
import { KeyRing } from '#attempts/key-ring';
import { version } from '#config/package';
import { type ConformanceWish, runConformance } from '#conformance/run';
import type { ConformanceTarget } from '#conformance/target';
import { readTenant } from '#db/access/tenants';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { liveSecrets } from '#db/endpoints/secrets';
import type { Db } from '#db/store/pool';
import type { ConformanceReport } from '#domain/conformance/conformance';
import { signsWithKeyPair } from '#domain/endpoints/signing';
import { compileShape } from '#domain/shaping/shape';
import { toListeners } from '#listen/to-listeners';
import { createAddressGuard } from '#outbound/address-guard';
import { authenticating } from '#outbound/authenticating';
import { createSender, type Sender } from '#outbound/send';
import { signingSecret } from '#outbound/signing-secret';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { openSecret } from '#sealing/secret';
import { openShape } from '#sealing/shape';
import type { Vault } from '#sealing/vault';
import type { Core } from './core.ts';
import { openOutboundConfig } from './outbound-config.ts';

export interface Conformance {
  /** Null: too many runs are in progress. */
  check(endpoint: StoredEndpoint, wish: ConformanceWish): Promise<ConformanceReport | null>;
  close(): Promise<void>;
}

const usualBurst = 10;
const mostRunsAtOnce = 8;

export function openConformance({ config, shares, vault, timings }: Core, publicOrigin: string): Conformance {
  const sender = createSender({
    guard: createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: publicOrigin }),
    userAgent: `Posthorn/${version}`,
    ...openOutboundConfig(config, publicOrigin),
  });
  const db = shares.callers;
  const listened = toListeners({ db, vault, sender, timings: timings.listen });
  return { check: createConformanceCheck({ db, vault, sender: listened }), close: () => sender.close() };
}

export function createConformanceCheck({
  db,
  vault,
  sender,
}: {
  db: Db;
  vault: Vault;
  sender: Pick<Sender, 'send' | 'userAgent'>;
}): Conformance['check'] {
  const keyRing = new KeyRing(db, vault);
  const authenticated = authenticating(sender);
  let running = 0;
  return async (endpoint, wish) => {
    if (running >= mostRunsAtOnce) return null;
    running++;
    try {
      return await runConformance(authenticated, await targetOf(db, vault, keyRing, endpoint), wish);
    } finally {
      running--;
    }
  };
}

async function targetOf(db: Db, vault: Vault, keyRing: KeyRing, endpoint: StoredEndpoint): Promise<ConformanceTarget> {
  const { id, sealed, format, signing, timeoutMs, batch, maxInFlight, rateLimit, shape } = endpoint;
  const tenant = await readTenant(db, endpoint.tenant);
  if (!tenant) throw new Error('the tenant of the endpoint was deleted');
  const secrets = await liveSecrets(db, id);
  return {
    endpointId: id,
    tenantId: tenant.id,
    target: openTarget(vault, id, sealed),
    format,
    signing,
    timeoutMs,
    secrets: secrets.map(({ secretId, sealed: secret }) => signingSecret(secretId, openSecret(vault, secretId, secret))),
    keyPairs: signsWithKeyPair(signing) ? await keyRing.signersOf(tenant.id) : [],
    shape: shape ? { shapeBody: compileShape(openShape(vault, shape.id, shape.sealed).shape), isWhole: shape.isWhole } : undefined,
    isBatched: batch !== null,
    mostAtOnce: Math.min(
      maxInFlight ?? usualBurst,
      rateLimit ? Math.max(1, rateLimit.burst ?? Math.ceil(rateLimit.perSecond / 10)) : usualBurst,
    ),
  };
}
