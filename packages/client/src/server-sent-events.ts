// Reads server-sent events from the body of an answer, as the HTML standard describes them.

export interface ServerSentEvent {
  event: string;
  data: string;
  /** The last id so far; null: there was none. */
  id: string | null;
}

/** Also yields events without data, which only bring an id: `data` is empty then. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent, void, undefined> {
  let id: string | null = null;
  for await (const block of blocksOf(body)) {
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

async function* blocksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const text of textOf(body)) {
    // a carriage return at the end may be the first half of a line break
    const whole = (rest + text).replace(/\r\n|\r(?!$)/g, '\n');
    const blocks = whole.split('\n\n');
    rest = blocks.pop() ?? '';
    yield* blocks;
  }
}

/** The text of a body in pieces. Cancels the request when the reader stops. */
export async function* textOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
