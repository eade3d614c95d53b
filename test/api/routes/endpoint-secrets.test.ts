// The secrets that sign the requests of an endpoint: listed without their values, and ended before their time.
import { describe, expect, it } from 'vitest';
import { liveSecrets } from '#db/endpoints/secrets';
import { newId } from '#runtime/new-id';
import { apiOfFile } from '../api-of-file.ts';

const { api, tenant } = await apiOfFile();

const make = () => api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
const list = async (id: string): Promise<{ id: string; validFrom: string; endsAt: string | null }[]> =>
  (await api.get(`/v1/endpoints/${id}/secrets`)).body.data;
const end = (endpoint: string, secret: string) => api.call('DELETE', `/v1/endpoints/${endpoint}/secrets/${secret}`);

describe('the secrets of an endpoint', () => {
  it('are listed newest first, with the end of their overlap and without their values', async () => {
    const { id, secret } = await make();
    const { body: rotated } = await api.post(`/v1/endpoints/${id}/rotate-secret`, { overlap: '2h' });
    const answer = await api.get(`/v1/endpoints/${id}/secrets`);
    expect(answer.body.data).toEqual([
      { id: expect.stringMatching(/^sec_/), validFrom: expect.any(String), endsAt: null },
      { id: expect.stringMatching(/^sec_/), validFrom: expect.any(String), endsAt: expect.any(String) },
    ]);
    // both are 2 h after the rotation, by two clocks
    expect(Math.abs(Date.parse(answer.body.data[1].endsAt) - Date.parse(rotated.othersEndAt))).toBeLessThan(60_000);
    for (const value of [secret, rotated.secret]) expect(JSON.stringify(answer.body)).not.toContain(value);
  });

  it('are ended one by one: only the newest signs then, and a repeat changes nothing', async () => {
    const { id } = await make();
    await api.post(`/v1/endpoints/${id}/rotate-secret`, {});
    const [newest, earlier] = await list(id);
    expect((await end(id, earlier?.id ?? '')).status).toBe(204);
    expect((await list(id)).map((one) => one.id)).toEqual([newest?.id]);
    expect((await liveSecrets(api.db, id)).map(({ secretId }) => secretId)).toEqual([newest?.id]);
    expect((await end(id, earlier?.id ?? '')).status).toBe(204);
    const { body } = await api.get('/v1/audit-log?action=endpoint.end_secret');
    expect(body.data).toEqual([
      expect.objectContaining({ target: { kind: 'endpoint', id }, before: { secretId: earlier?.id }, after: null }),
    ]);
  });

  it('keep the newest: requests must be signed', async () => {
    const { id } = await make();
    const [only] = await list(id);
    const refused = await end(id, only?.id ?? '');
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('Rotate it')]);
    expect(await list(id)).toHaveLength(1);
  });

  it('are not ended by way of another endpoint', async () => {
    const [one, other] = [await make(), await make()];
    await api.post(`/v1/endpoints/${other.id}/rotate-secret`, {});
    const [, earlier] = await list(other.id);
    expect((await end(one.id, earlier?.id ?? '')).status).toBe(404);
    expect(await list(other.id)).toHaveLength(2);
  });

  it.each([`/v1/endpoints/${newId('ep')}/secrets`, '/v1/endpoints/x/secrets'])('%s is 404', async (path) => {
    expect((await api.get(path)).status).toBe(404);
  });

  it('are 404 with an id that is none', async () => {
    const { id } = await make();
    expect((await end(id, 'x')).status).toBe(404);
    expect((await end(id, newId('sec'))).status).toBe(404);
  });
});
