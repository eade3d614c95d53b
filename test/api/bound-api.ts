// The API as a caller that is bound to one tenant meets it, whatever key it sends: what decides who calls is tested elsewhere.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createApp } from '../../src/api/app.ts';
import type { Caller } from '../../src/domain/access.ts';
import { idOf } from '../../src/domain/ids.ts';
import { newId } from '../../src/new-id.ts';
import { type Api, createApi } from '../support/api.ts';
import { type ApiServer, apiKey } from './api-server.ts';

export interface BoundApi extends Api {
  close(): Promise<void>;
}

/** `tenant`: the key of one that exists. */
export async function startBoundApi({ deps, db }: ApiServer, tenant: string): Promise<BoundApi> {
  const { rows } = await db.query<{ id: string }>('select id from tenants where external_id = $1 and deleted_at is null', [tenant]);
  const caller: Caller = {
    kind: 'api_key',
    id: newId('evt').replace('evt', 'key'),
    tenant: { id: idOf('tnt', rows[0]?.id ?? ''), key: tenant },
    scopes: ['admin'],
    address: null,
  };
  const outer = express();
  outer.use((_request, response, next) => {
    // what the app itself makes of the key does not count
    Object.defineProperty(response.locals, 'caller', { get: () => caller, set: () => undefined });
    next();
  });
  outer.use(createApp(deps));
  const http = createServer(outer);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    ...createApi(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, apiKey),
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
