// The stores of an inbox, for tests that all of them must pass.
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { createEmptyDatabase } from '../../../test/support/database.ts';
import { startRedis } from '../../../test/support/redis.ts';
import { memoryInbox } from '../src/inbox/memory.ts';
import { postgresInbox } from '../src/inbox/postgres.ts';
import { redisInbox } from '../src/inbox/redis.ts';
import type { InboxStore } from '../src/index.ts';

export interface OpenStore {
  inbox: InboxStore<never>;
  close(): Promise<void>;
}

export const stores: Record<string, () => Promise<OpenStore>> = {
  memory: async () => ({ inbox: memoryInbox(), close: async () => undefined }),
  PostgreSQL: async () => {
    const database = await createEmptyDatabase();
    const inbox = postgresInbox(database.db);
    await inbox.setup?.();
    return { inbox: inbox as InboxStore<never>, close: () => database.drop() };
  },
  'Redis with ioredis': async () => {
    const server = await startRedis();
    const client = new Redis(server.url);
    return {
      inbox: redisInbox(client),
      async close() {
        client.disconnect();
        await server.close();
      },
    };
  },
  'Redis with @redis/client': async () => {
    const server = await startRedis();
    const client = await createClient({ url: server.url }).connect();
    return {
      inbox: redisInbox(client),
      async close() {
        client.destroy();
        await server.close();
      },
    };
  },
};
