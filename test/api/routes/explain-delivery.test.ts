// The explanation of one delivery.
import { expect, it } from 'vitest';
import { apiOfFile } from '../api-of-file.ts';
import { attempted, planned } from '../deliveries-at-hand.ts';

const { api, tenant } = await apiOfFile();

it('explains a delivery: where it stands, what follows, and what it would obey', async () => {
  const { id: endpoint } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { retry: { schedule: ['1m', '2m'] } });
  const [delivery = ''] = await planned(api, tenant, await api.postEvent(tenant), [endpoint]);
  await attempted(api, delivery, 1, { outcome: 'http_status', message: 'HTTP 503' });
  const { body } = await api.get(`/v1/deliveries/${delivery}/explain`);
  expect(body).toMatchObject({
    ...{ delivery, endpoint, host: '127.0.0.1:9', code: 'retrying', status: 'retrying' },
    next: { attemptsLeft: 2, attempts: [{ number: 2, earliestAt: body.until }, { number: 3 }], endsAt: expect.stringMatching(/Z$/) },
    commands: [
      { command: 'replay', allowed: false, reason: expect.any(String) },
      { command: 'retry-now', allowed: true, reason: null },
      { command: 'cancel', allowed: true },
      { command: 'release', allowed: false },
    ],
  });
  await api.post(`/v1/endpoints/${endpoint}/pause`);
  const paused = (await api.get(`/v1/deliveries/${delivery}/explain`)).body;
  expect(paused.commands[1]).toEqual({ command: 'retry-now', allowed: false, reason: 'The endpoint is paused. Resume it first.' });
  expect((await api.post(`/v1/deliveries/${delivery}/retry-now`)).body.detail).toBe(paused.commands[1].reason);
});
