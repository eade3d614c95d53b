// A TCP proxy in front of PostgreSQL that reads which statements pass, and breaks the connection of a chosen one: before
// the server has seen it, or after the server has run it, before the answer arrives.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Moment = 'before it ran' | 'after it ran';

export interface Cut {
  /** How many connections it has broken. */
  times(): number;
  /** Breaks no more. */
  end(): void;
}

export interface PostgresProxy {
  url: string;
  /** Breaks the connections of the nth statements, counted from now on, whose text matches. */
  cut(statement: RegExp, moment: Moment, nth?: readonly number[]): Cut;
  close(): Promise<void>;
}

interface Rule {
  statement: RegExp;
  moment: Moment;
  nth: readonly number[];
  seen: number;
  times: number;
}

export async function startPostgresProxy(upstreamUrl: string): Promise<PostgresProxy> {
  const upstream = new URL(upstreamUrl);
  const rules = new Set<Rule>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const there = connect(Number(upstream.port), upstream.hostname);
    for (const socket of [client, there]) {
      sockets.add(socket.on('error', () => undefined));
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        there.destroy();
      });
    }
    passOn(client, there, rules);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(upstreamUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cut(statement, moment, nth = [1]) {
      const rule: Rule = { statement, moment, nth, seen: 0, times: 0 };
      rules.add(rule);
      return { times: () => rule.times, end: () => void rules.delete(rule) };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(client: Socket, there: Socket, rules: Set<Rule>): void {
  const statements = createStatementReader();
  let doomed = false;
  client.on('data', (chunk) => {
    const rule = ruleFor(statements(chunk), rules);
    if (rule?.moment === 'before it ran') return void client.destroy();
    doomed ||= rule !== undefined;
    there.write(chunk);
  });
  there.on('data', (chunk) => {
    // until the server says that it is ready again, after the commit
    if (!doomed) client.write(chunk);
    else if (isReady(chunk)) client.destroy();
  });
}

function ruleFor(texts: string[], rules: Set<Rule>): Rule | undefined {
  for (const text of texts) {
    for (const rule of rules) {
      if (!rule.statement.test(text)) continue;
      rule.seen += 1;
      if (!rule.nth.includes(rule.seen)) continue;
      rule.times += 1;
      return rule;
    }
  }
  return undefined;
}

const isReady = (chunk: Buffer) => chunk.length >= 6 && chunk.toString('latin1', chunk.length - 6, chunk.length - 1) === 'Z\0\0\0\x05';

/** Reads the messages of a client. Returns the texts of the statements that each chunk completes. */
function createStatementReader(): (chunk: Buffer) => string[] {
  const prepared = new Map<string, string>();
  let rest = Buffer.alloc(0);
  let isStarted = false;

  function textOf(type: string, body: Buffer): string | null {
    const texts = body.toString('utf8').split('\0');
    if (type === 'Q') return texts[0] ?? '';
    if (type === 'P') prepared.set(texts[0] ?? '', texts[1] ?? '');
    // portal, statement
    return type === 'B' ? (prepared.get(texts[1] ?? '') ?? '') : null;
  }

  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const found: string[] = [];
    for (;;) {
      // the first message has no type
      const head = isStarted ? 1 : 0;
      if (rest.length < head + 4) return found;
      const end = head + rest.readInt32BE(head);
      if (rest.length < end) return found;
      const text = isStarted ? textOf(String.fromCharCode(rest[0] ?? 0), rest.subarray(5, end)) : null;
      if (text !== null) found.push(text);
      isStarted = true;
      rest = rest.subarray(end);
    }
  };
}
