// A stream that stays open and says nothing: the client connects again, from where it was.
import { expect, it } from 'vitest';
import { type Change, Posthorn } from '../src/index.ts';
import { startScriptedServer } from './scripted-server.ts';

it('connects again when a stream has gone silent', async () => {
  const server = await startScriptedServer();
  server.answer(({ headers }, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(headers['last-event-id'] === '7' ? 'id: 8\nevent: delivery\ndata: {}\n\n' : 'id: 7\nevent: alert\ndata: {}\n\n');
  });
  const stop = new AbortController();
  const changes: Change[] = [];
  try {
    for await (const change of new Posthorn({ url: server.url, apiKey: 'k' }).stream({}, { silentForMs: 50, signal: stop.signal })) {
      changes.push(change);
      if (change.kind === 'delivery') break;
    }
    expect(changes.map(({ id }) => id)).toEqual(['7', '8']);
  } finally {
    stop.abort();
    await server.close();
  }
});

it('never does so with silentForMs: Infinity', async () => {
  const server = await startScriptedServer();
  let asked = 0;
  server.answer((_request, response) => {
    asked++;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('id: 7\nevent: alert\ndata: {}\n\n');
    setTimeout(() => response.write('id: 8\nevent: delivery\ndata: {}\n\n'), 50);
  });
  try {
    for await (const { kind } of new Posthorn({ url: server.url, apiKey: 'k' }).stream({}, { silentForMs: Number.POSITIVE_INFINITY }))
      if (kind === 'delivery') break;
    expect(asked).toBe(1);
  } finally {
    await server.close();
  }
});
