// An OpenTelemetry collector: a real HTTP server that takes traces by OTLP in protobuf.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import root from '@opentelemetry/otlp-transformer/build/src/generated/root.js';

export interface CollectedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  traceState: string;
  service: string;
  attributes: Record<string, unknown>;
  /** The whole span as text. */
  text: string;
}

export interface Collector {
  url: string;
  spans: CollectedSpan[];
  /** The headers of the last export. */
  headers(): IncomingMessage['headers'];
  close(): Promise<void>;
}

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

interface Exported {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: { name: string; traceId: string; spanId: string; parentSpanId: string; traceState: string; attributes: Attribute[] }[];
    }[];
  }[];
}

interface Generated {
  proto: { collector: { trace: { v1: { ExportTraceServiceRequest: Message } } } };
}

interface Message {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): unknown;
}

const { ExportTraceServiceRequest: request } = (root as unknown as { opentelemetry: Generated }).opentelemetry.proto.collector.trace.v1;

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  let last: IncomingMessage['headers'] = {};
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    last = incoming.headers;
    if (incoming.url === '/v1/traces') spans.push(...read(last['content-encoding'] === 'gzip' ? gunzipSync(body) : body));
    response.writeHead(incoming.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers: () => last,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function read(body: Buffer): CollectedSpan[] {
  const { resourceSpans } = request.toObject(request.decode(body), { bytes: String, longs: String, defaults: true }) as Exported;
  const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        traceState: span.traceState,
        service: String(valuesOf(resource.attributes)['service.name']),
        attributes: valuesOf(span.attributes),
        text: JSON.stringify(span),
      })),
    ),
  );
}

function valuesOf(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
