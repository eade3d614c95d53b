// POST /v1/transforms/test: shows the body that a transform, or an endpoint, makes of an event. Stores and sends nothing.
import type { z } from 'zod';
import { readEndpoint } from '#db/endpoints/endpoints';
import { boundTemplate, hideTransform } from '#domain/endpoints/endpoint-transform';
import { type eventToTry, shapedBody, transformTest } from '#domain/endpoints/transform-test';
import { maxEventBytes, normalInstant, standardBody } from '#domain/events/event';
import { memberTexts } from '#domain/events/json-slices';
import { compileShape, type EventToShape, type Shape } from '#domain/shaping/shape';
import { ShapingError } from '#domain/shaping/shaping-error';
import { maskedShape, openShape } from '#sealing/shape';
import { invalid, notFound } from '../../http/problem.ts';
import { refuseRepeated } from '../../http/read-body.ts';
import { type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

export function transformTestRoute(deps: ApiDeps): Route {
  return route({
    method: 'post',
    path: '/v1/transforms/test',
    operationId: 'testTransform',
    summary: 'Try a transform',
    description:
      'Shows the body that a transform makes of an event, or that an endpoint would get. Nothing is stored or sent. Numbers are in the answer as they were written.',
    scope: 'endpoints:read',
    body: transformTest,
    bodyExample: {
      transform: { preset: 'slack', title: 'Order {{data.orderId}}', text: '{{data.amount}} {{data.currency}}' },
      event: { type: 'order.created', data: { orderId: '1001', amount: 49.9, currency: 'EUR' } },
    },
    bodyLimit: maxEventBytes + 64 * 1024,
    answers: {
      200: {
        description: 'The body.',
        schema: shapedBody,
        example: { contentType: 'application/json', bytes: 61, body: { text: 'Order 1001: 49.9 EUR', blocks: [] } },
      },
    },
    async handler({ body, members }) {
      const shape = await shapeOf(deps, body);
      const output = shapedText(shape, eventOf(body.event, members.get('event') ?? '{}'));
      const facts = JSON.stringify({ contentType: 'application/json', bytes: Buffer.byteLength(output) });
      return { status: 200, text: `${facts.slice(0, -1)},"body":${output}}` };
    },
  });
}

async function shapeOf({ db, vault }: ApiDeps, given: z.infer<typeof transformTest>): Promise<Shape | null> {
  if (given.transform) return { layout: 1, template: boundTemplate(hideTransform(given.transform)) };
  const endpoint = given.endpoint === undefined ? null : await readEndpoint(db, given.endpoint);
  if (!endpoint) throw notFound('endpoint', 'endpoint');
  if (!endpoint.shape) return null;
  return maskedShape(openShape(vault, endpoint.shape.id, endpoint.shape.sealed));
}

function eventOf({ type, id = 'event-1', version, occurredAt }: z.infer<typeof eventToTry>, text: string): EventToShape {
  const { members, repeated } = memberTexts(text);
  refuseRepeated(repeated, 'event.');
  const timestamp = occurredAt === undefined ? new Date().toISOString() : normalInstant(occurredAt);
  return { id, version: version ?? null, body: standardBody(type, timestamp, members.get('data') ?? 'null') };
}

function shapedText(shape: Shape | null, given: EventToShape): string {
  try {
    return shape ? compileShape(shape)(given) : given.body;
  } catch (error) {
    if (error instanceof ShapingError) throw invalid([{ path: 'event.data', message: error.message }]);
    throw error;
  }
}
