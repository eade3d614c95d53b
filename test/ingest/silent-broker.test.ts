// `posthorn ingest`, while what it takes events from accepts connections and says nothing.
import { expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { testApiKey } from '../support/posthorn.ts';
import { startSilentServer } from '../support/silent-server.ts';

const sources = {
  amqp: (address: string) => ({ POSTHORN_INGEST_AMQP_URL: `amqp://${address}`, POSTHORN_INGEST_AMQP_QUEUE: 'events' }),
  kafka: (address: string) => ({ POSTHORN_INGEST_KAFKA_BROKERS: address, POSTHORN_INGEST_KAFKA_TOPICS: 'events' }),
};

it.concurrent.for(Object.entries(sources))('%s: it ends when it is told to', async ([source, settings], { onTestFinished }) => {
  const silent = await startSilentServer(onTestFinished);
  const address = `127.0.0.1:${silent.port}`;
  const command = runCommand(['ingest', source], { POSTHORN_API_KEY: testApiKey, LOG_LEVEL: 'debug', ...settings(address) });
  await Promise.race([silent.connected, command.exit]);
  command.signal('SIGINT');
  expect([await command.exit, command.logged('ingest.stopped_with_requests_in_flight')]).toEqual([0, []]);
});
