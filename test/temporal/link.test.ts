// The link to a Temporal that accepts connections and says nothing.
import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '#config/config';
import { createLogger } from '#runtime/logger';
import { openTemporalLink } from '#temporal/link';
import { startSilentServer } from '../support/silent-server.ts';

it('is closed while it tries to connect, without waiting for the end of the try', async () => {
  const silent = await startSilentServer(onTestFinished);
  const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: `127.0.0.1:${silent.port}` }), createLogger('silent'));
  await silent.connected;
  await link.close();
  expect(await link.connected).toBeNull();
  // the try goes on, and what it opens is closed
  expect(silent.open()).toBeGreaterThan(0);
});
