// A receiver that keeps requests waiting and answers them round by round, so that how many come at once is decided by the sender and not by its speed.
import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';
import type { Received, Reply } from '../support/receiver.ts';
import { until } from '../support/until.ts';

/** `round` resolves to the requests of a round when so many wait, and answers them; more must not have come at once. */
export function rounds(): { reply: Reply; round(size: number): Promise<Received[]> } {
  const waiting: { request: Received; response: ServerResponse }[] = [];
  return {
    reply: (request, response) => void waiting.push({ request, response }),
    async round(size) {
      await until(`${size} at once`, () => waiting.length >= size);
      const all = waiting.splice(0);
      expect(Math.max(...all.map(({ request }) => request.atOnce))).toBe(size);
      for (const { response } of all) response.writeHead(204).end();
      return all.map(({ request }) => request);
    },
  };
}
