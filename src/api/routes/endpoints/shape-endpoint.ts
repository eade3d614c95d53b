// Checks, encrypts and shows the settings of an endpoint that change the bodies of its deliveries.
import { lockPins, pinsOf } from '#db/catalogue/converters';
import type { Reshape } from '#db/endpoints/endpoint-changes';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { readShapes, shapesOfEndpoint } from '#db/endpoints/shapes';
import { changedFields } from '#domain/access/audit';
import type { Endpoint } from '#domain/endpoints/endpoint';
import { hideTransform, keepTransform, type Transform } from '#domain/endpoints/endpoint-transform';
import { faultText } from '#domain/faults/fault';
import { compileShape } from '#domain/shaping/shape';
import { ShapingError } from '#domain/shaping/shaping-error';
import { maskedShape, openShape, type SealedShape, type Shaping, sealShape } from '#sealing/shape';
import { invalid } from '../../http/problem.ts';
import { pathText } from '../../http/validate.ts';
import type { ApiDeps } from '../deps.ts';

type ShapeDeps = Pick<ApiDeps, 'vault'>;
type Querying = Pick<ApiDeps['db'], 'query'>;

/** Makes the shape of a new endpoint; null: the bodies are not changed. It throws a 422. */
export function shapeOfNew({ vault }: ShapeDeps, endpointId: string, given: Shaping) {
  return async (db: Querying): Promise<SealedShape | null> => {
    if (given.versions) await lockPins(db, 'shared');
    return sealed(db, vault, endpointId, complete(given, null), true);
  };
}

/** Changes the given settings. A masked value (`***`) keeps the stored one. It throws a 422. Undefined: nothing is to be changed. */
export function reshape({ vault }: ShapeDeps, endpointId: string, change: Partial<Shaping>): Reshape | undefined {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length === 0) return undefined;
  return {
    lock: (db) => lockPins(db, 'shared'),
    async make(stored, db) {
      const before = openShaping(vault, stored);
      const after = complete({ ...before, ...given }, before);
      const shape = await sealed(db, vault, endpointId, after, given.versions !== undefined);
      return { shape, shown: changedFields(['transform', 'versions'], before, after) };
    },
  };
}

/** `checks`: a version that cannot be pinned is refused. */
async function sealed(
  db: Querying,
  vault: ShapeDeps['vault'],
  endpointId: string,
  shaping: Shaping,
  checks: boolean,
): Promise<SealedShape | null> {
  if (shaping.versions === null) return sealShape(vault, endpointId, shaping);
  const { pins, problems } = await pinsOf(db, shaping.versions);
  if (checks && problems.length > 0) throw invalid(problems.map(({ type, message }) => ({ path: pathText(['versions', type]), message })));
  return sealShape(vault, endpointId, shaping, pins);
}

/** The settings as the API shows them. */
export function showShaping({ transform, versions }: Shaping): Pick<Endpoint, 'transform' | 'versions'> {
  return { transform: transform && hideTransform(transform), versions };
}

export function openShaping(vault: ShapeDeps['vault'], stored: StoredEndpoint['shape']): Shaping {
  if (!stored) return { transform: null, versions: null };
  const { transform, versions } = openShape(vault, stored.id, stored.sealed);
  return { transform, versions };
}

function complete({ transform, versions }: Shaping, before: Shaping | null): Shaping {
  const kept = transform && keepTransform(transform, before?.transform ?? null);
  if (transform && !kept) throw invalid([{ path: 'transform.routingKey', message: faultText('masked') }]);
  return { transform: kept, versions };
}

/**
 * Throws a 422 if deliveries of the endpoint could take a stored routing key to another origin. They keep the transform with
 * which they were planned, so the earlier ones count, too. `given`: the transform of the same change.
 */
export async function refuseKeyElsewhere({ vault }: ShapeDeps, db: Querying, endpointId: string, given?: Transform | null): Promise<void> {
  const keyOf = (transform: Transform | null | undefined) => (transform && 'routingKey' in transform ? transform.routingKey : undefined);
  const stored = await shapesOfEndpoint(db, endpointId);
  const keys = stored.flatMap(({ id, sealed: bytes }) => keyOf(openShape(vault, id, bytes).transform) ?? []);
  if (keys.every((key) => key === keyOf(given))) return;
  throw invalid([{ path: 'url', message: faultText('url_routing_key') }]);
}

interface Shaped {
  /** The producer's id of the event. */
  event: string;
  shapeId: string | null;
  version: number | null;
}

/**
 * Returns how the bodies of these deliveries are changed: a function of a delivery and its standard body. `null`: it cannot be
 * made of this event.
 */
export async function readShapers(
  { db, vault }: Pick<ApiDeps, 'db' | 'vault'>,
  deliveries: Shaped[],
): Promise<(one: Shaped, body: string) => string> {
  const ids = new Set(deliveries.flatMap(({ shapeId }) => shapeId ?? []));
  const sealed = ids.size > 0 ? await readShapes(db, [...ids]) : new Map<string, Buffer>();
  const shapers = new Map([...sealed].map(([id, bytes]) => [id, compileShape(maskedShape(openShape(vault, id, bytes)))]));
  return ({ event, shapeId, version }, body) => {
    if (shapeId === null) return body;
    try {
      return shapers.get(shapeId)?.({ id: event, version, body }) ?? 'null';
    } catch (error) {
      if (error instanceof ShapingError) return 'null';
      throw error;
    }
  };
}
