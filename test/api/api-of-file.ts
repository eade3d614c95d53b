// The API of a test file, and a tenant, until the file ends.
import { afterAll } from 'vitest';
import { type ApiServer, startApi } from './api-server.ts';

/** Called at the top of the file. */
export async function apiOfFile(): Promise<{ api: ApiServer; tenant: string }> {
  const api = await startApi();
  afterAll(() => api.close());
  return { api, tenant: await api.makeTenant() };
}
