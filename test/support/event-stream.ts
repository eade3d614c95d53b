// A client of the live stream, as a browser's EventSource.
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

export interface StreamEvent {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests check the content of events
  data: any;
}

export interface EventStream {
  status: number;
  headers: Headers;
  events: StreamEvent[];
  /** The id that the client would send to resume; '' : none yet. */
  lastId: string;
  /** The server has ended the stream. */
  ended: boolean;
  /** Resolves to the first event of which this is true. */
  find(what: string, is: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  close(): void;
}

/** Closed at the end of the test at the latest. */
export async function openStream(url: string, key: string, lastEventId?: string): Promise<EventStream> {
  const closing = new AbortController();
  onTestFinished(() => closing.abort());
  const headers = { authorization: `Bearer ${key}`, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
  const response = await fetch(url, { headers, signal: closing.signal });
  const stream: EventStream = {
    status: response.status,
    headers: response.headers,
    events: [],
    lastId: '',
    ended: false,
    find: (what, is) => until(what, () => stream.events.find(is) ?? (stream.ended && lastOf(stream))),
    close: () => closing.abort(),
  };
  if (response.status === 200) void readAll(response, stream).catch(() => undefined);
  return stream;
}

/** A failing test shows how the stream ended. */
function lastOf({ events }: EventStream): never {
  throw new Error(`the stream has ended; its last event: ${JSON.stringify(events.at(-1))}`);
}

async function readAll(response: Response, stream: EventStream): Promise<void> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) take(block, stream);
  }
  stream.ended = true;
}

function take(block: string, stream: EventStream): void {
  const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  stream.lastId = fields.get('id') ?? stream.lastId;
  const data = fields.get('data');
  if (data !== undefined) stream.events.push({ name: fields.get('event') ?? 'message', data: JSON.parse(data) });
}
