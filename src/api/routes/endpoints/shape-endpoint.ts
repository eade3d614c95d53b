// Checks, encrypts and shows the settings of an endpoint that change the bodies of its deliveries.
import type { Reshape } from '#db/endpoints/endpoint-changes';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { readShapes } from '#db/endpoints/shapes';
import { changedFields } from '#domain/access/audit';
import type { Endpoint } from '#domain/endpoints/endpoint';
import { hideTransform, keepTransform } from '#domain/endpoints/endpoint-transform';
import { compileShape } from '#domain/shaping/shape';
import { ShapingError } from '#domain/shaping/shaping-error';
import { openShape, type SealedShape, type Shaping, sealShape } from '#sealing/shape';
import { invalid } from '../../http/problem.ts';
import type { ApiDeps } from '../deps.ts';

type ShapeDeps = Pick<ApiDeps, 'vault'>;

/** Null: the bodies are not changed. Throws a 422. */
export function sealNewShape(deps: ShapeDeps, endpointId: string, given: Shaping): SealedShape | null {
  return sealShape(deps.vault, endpointId, complete(given, null));
}

/** Changes the given settings. A masked value (`***`) keeps the stored one. The returned function throws a 422. */
export function reshape({ vault }: ShapeDeps, endpointId: string, change: Partial<Shaping>): Reshape {
  return (stored) => {
    const before = openShaping(vault, stored);
    const after = complete({ ...before, ...change }, before);
    return { shape: sealShape(vault, endpointId, after), shown: changedFields(['transform'], before, after) };
  };
}

/** The settings as the API shows them. */
export function showShaping(vault: ShapeDeps['vault'], stored: StoredEndpoint['shape']): Pick<Endpoint, 'transform'> {
  const { transform } = openShaping(vault, stored);
  return { transform: transform && hideTransform(transform) };
}

function openShaping(vault: ShapeDeps['vault'], stored: StoredEndpoint['shape']): Shaping {
  return { transform: stored && openShape(vault, stored.id, stored.sealed).transform };
}

function complete({ transform }: Shaping, before: Shaping | null): Shaping {
  const kept = transform && keepTransform(transform, before?.transform ?? null);
  if (transform && !kept) throw invalid([{ path: 'transform.routingKey', message: 'is a masked placeholder; send the real value' }]);
  return { transform: kept };
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
  const shapers = new Map([...sealed].map(([id, bytes]) => [id, compileShape(openShape(vault, id, bytes).shape)]));
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
