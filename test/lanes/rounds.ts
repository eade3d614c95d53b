// A receiver that answers its requests in rounds, so that the sender's throttle and not its speed
// decides how many are in flight.
import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';
import type { Received, Reply } from '../support/receiver.ts';
import { until } from '../support/until.ts';

/** `round` waits until exactly so many requests wait, answers them, and resolves to them. Fails if more have come. */
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
