import { expect, it } from 'vitest';
import { firstGiven, ownPort } from './own-port.ts';

it('the system gives none of them to others, and each is given once', async () => {
  const ports = await Promise.all(Array.from({ length: 100 }, ownPort));
  expect(new Set(ports).size).toBe(100);
  for (const port of ports) expect(port).toBeLessThan(firstGiven());
});
