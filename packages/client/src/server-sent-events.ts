// Reads server-sent events from the body of an answer, as the HTML standard describes them.

export interface ServerSentEvent {
  event: string;
  data: string;
  /** The last id so far; null: there was none. */
  id: string | null;
}

/** Nothing has arrived for too long: the connection may be dead without an end. */
export class StreamSilent extends Error {
  override name = 'StreamSilent';
}

/**
 * Also yields events without data, which only bring an id: `data` is empty then. Throws StreamSilent when nothing, no comment
 * either, has arrived for `silentForMs`.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  silentForMs?: number,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let id: string | null = null;
  for await (const block of blocksOf(body, silentForMs)) {
    const fields = block.split('\n').map(fieldOf);
    const last = (name: string) => fields.findLast(([field]) => field === name)?.[1];
    id = last('id') ?? id;
    const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
    if (data.length > 0 || last('id') !== undefined) yield { event: last('event') ?? 'message', data: data.join('\n'), id };
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

async function* blocksOf(body: ReadableStream<Uint8Array>, silentForMs: number | undefined): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const text of textOf(body, silentForMs)) {
    // a carriage return at the end may be the first half of a line break
    const whole = (rest + text).replace(/\r\n|\r(?!$)/g, '\n');
    const blocks = whole.split('\n\n');
    rest = blocks.pop() ?? '';
    yield* blocks;
  }
}

/** The text of a body in pieces. Cancels the request when the reader stops. */
export async function* textOf(body: ReadableStream<Uint8Array>, silentForMs?: number): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await within(silentForMs, reader.read());
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A timer that should take longer ends at once. */
const longestTimerMs = 2 ** 31 - 1;

async function within<Value>(ms: number | undefined, reading: Promise<Value>): Promise<Value> {
  if (ms === undefined || ms > longestTimerMs) return reading;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new StreamSilent(`nothing arrived for ${ms / 1_000} s`)), ms);
  });
  return Promise.race([reading, silent]).finally(() => clearTimeout(timer));
}
