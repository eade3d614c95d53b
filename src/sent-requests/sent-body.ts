// Makes the body of a request once more from the event that it carried. The digest that is stored with the attempt proves
// whether these are the bytes that were sent.
import { hash } from 'node:crypto';
import { readSentEvents, type SentEvent } from '#db/deliveries/sent-events';
import { readShapes } from '#db/endpoints/shapes';
import type { ContentEncryption } from '#db/keys/content-encryption';
import type { Db } from '#db/store/pool';
import { compileShape, type Shape } from '#domain/shaping/shape';
import { ShapingError } from '#domain/shaping/shaping-error';
import type { SentRequest } from '#domain/views/sent-request';
import { FormatError } from '#outbound/format-error';
import { renderBatch, renderBody } from '#outbound/render';
import { maskedShape, type OpenedShape, openShape } from '#sealing/shape';
import type { Vault } from '#sealing/vault';

export interface SentDeps {
  db: Db;
  contents: Pick<ContentEncryption, 'open'>;
  vault: Pick<Vault, 'open'>;
}

export interface SentAttempt {
  deliveryId: string;
  sent: SentRequest;
  startedAt: Date;
  /** Null: it was sent alone. */
  batchId: string | null;
}

/** `bytes`: exactly those that were sent. `shown`: the same as text, with a secret of the transform masked. */
export type SentBody = { bytes: Uint8Array; shown: string } | 'erased' | 'not_known';

export async function readSentBody(deps: SentDeps, { deliveryId, sent, startedAt, batchId }: SentAttempt): Promise<SentBody> {
  const events = await readSentEvents(deps.db, deliveryId, batchId === null ? null : { id: batchId, startedAt });
  if (events.some(({ body }) => body.length === 0)) return 'erased';
  const shapes = await openShapes(deps, events);
  const opened = await Promise.all(events.map(async (event) => ({ ...event, body: await deps.contents.open(event.eventId, event.body) })));
  try {
    const bytes = rendered(sent, opened, (id) => shapes.get(id)?.shape);
    if (hash('sha256', bytes, 'base64') !== sent.body.sha256) return 'not_known';
    const shown = rendered(sent, opened, (id) => {
      const shape = shapes.get(id);
      return shape && maskedShape(shape);
    });
    return { bytes, shown: Buffer.from(shown).toString() };
  } catch (error) {
    if (error instanceof ShapingError || error instanceof FormatError) return 'not_known';
    throw error;
  }
}

async function openShapes({ db, vault }: SentDeps, events: SentEvent[]): Promise<Map<string, OpenedShape>> {
  const ids = [...new Set(events.flatMap(({ shapeId }) => shapeId ?? []))];
  const sealed = ids.length === 0 ? new Map<string, Buffer>() : await readShapes(db, ids);
  return new Map([...sealed].map(([id, bytes]) => [id, openShape(vault, id, bytes)]));
}

type OpenedEvent = Omit<SentEvent, 'body'> & { body: Uint8Array };

/** An empty request, which none was, if there is no event. */
function rendered({ format, batch }: SentRequest, events: OpenedEvent[], shapeOf: (id: string) => Shape | undefined): Uint8Array {
  const elements = events.map((event) => ({ ...event, id: event.webhookId, body: shapedBody(event, shapeOf) }));
  if (batch) return renderBatch(format, elements);
  const [only] = elements;
  return only ? renderBody(format, only).body : Buffer.alloc(0);
}

function shapedBody({ shapeId, webhookId: id, version, body }: OpenedEvent, shapeOf: (id: string) => Shape | undefined): Uint8Array {
  const shape = shapeId === null ? undefined : shapeOf(shapeId);
  return shape ? Buffer.from(compileShape(shape)({ id, version, body: Buffer.from(body).toString() })) : body;
}
