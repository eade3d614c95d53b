// Changes bodies as the shapes say to which their deliveries are bound. Shapes never change, so they are kept in memory,
// compiled. A request without a shape costs nothing here.
import { LRUCache } from 'lru-cache';
import { readShapes } from '#db/endpoints/shapes';
import type { Db } from '#db/store/pool';
import type { BodyFormat } from '#domain/events/body-format';
import { compileShape, type ShapeBody } from '#domain/shaping/shape';
import { ShapingError } from '#domain/shaping/shaping-error';
import { type OpenedShape, openShape } from '#sealing/shape';
import type { Vault } from '#sealing/vault';
import { asFault, RenderError } from './render-error.ts';

/** An event and how its body is changed. */
export interface Shapeable {
  eventId: string;
  body: Uint8Array;
  /** Null or absent: it is sent as it was accepted. */
  shapeId?: string | null | undefined;
  version?: number | null | undefined;
}

export interface Shapes {
  /** The body as the endpoint gets it, before its format. `isWhole`: it has no other format. Throws RenderError. */
  shape(event: Shapeable & { webhookId: string }): Promise<{ body: Uint8Array; isWhole: boolean }>;
}

/** In bytes of encrypted shapes. */
const mostBytes = 8 * 1024 * 1024;

interface Compiled {
  shapeBody: ShapeBody;
  isWhole: boolean;
  bytes: number;
}

export function createShapes(db: Db, vault: Pick<Vault, 'open'>): Shapes {
  const known = new LRUCache<string, Compiled>({ maxSize: mostBytes, sizeCalculation: ({ bytes }) => bytes });

  function opened(id: string, sealed: Uint8Array): OpenedShape {
    try {
      return openShape(vault, id, sealed);
    } catch (error) {
      return asFault(error);
    }
  }

  async function read(id: string): Promise<Compiled> {
    const sealed = (await readShapes(db, [id])).get(id);
    if (!sealed) throw new RenderError(new Error(`the shape ${id} of this delivery is gone`));
    const { shape, transform } = opened(id, sealed);
    const compiled = { shapeBody: compileShape(shape), isWhole: transform !== null, bytes: sealed.length };
    known.set(id, compiled);
    return compiled;
  }

  return {
    async shape({ shapeId, webhookId, version = null, body }) {
      if (!shapeId) return { body, isWhole: false };
      const { shapeBody, isWhole } = known.get(shapeId) ?? (await read(shapeId));
      const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
      try {
        return { body: Buffer.from(shapeBody({ id: webhookId, version, body: text })), isWhole };
      } catch (error) {
        throw error instanceof ShapingError ? new RenderError(error) : error;
      }
    },
  };
}

interface ShapeableJob extends Shapeable {
  webhookId: string;
  format: BodyFormat;
  batch?: (Shapeable & { id: string })[] | undefined;
}

/**
 * The job with the bodies that its request carries. Throws RenderError; of a batch, with the events that cannot be changed.
 */
export async function shaped<J extends ShapeableJob>(shapes: Shapes, job: J): Promise<J> {
  const { batch } = job;
  if (batch) return batch.some(({ shapeId }) => shapeId) ? { ...job, batch: await shapedBatch(shapes, batch) } : job;
  if (!job.shapeId) return job;
  const { body, isWhole } = await shapes.shape(job);
  return { ...job, body, ...(isWhole && { format: 'standard' }) };
}

async function shapedBatch<E extends Shapeable & { id: string }>(shapes: Shapes, batch: E[]): Promise<E[]> {
  const faults = new Map<string, unknown>();
  const elements: E[] = [];
  for (const element of batch) {
    try {
      elements.push({ ...element, body: (await shapes.shape({ ...element, webhookId: element.id })).body });
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      faults.set(element.eventId, error);
    }
  }
  const [first] = faults.values();
  if (first !== undefined) throw new RenderError(first, [...faults.keys()]);
  return elements;
}
