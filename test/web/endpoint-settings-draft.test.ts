// The draft of the settings: what is not typed over is not sent, and what is sent is what was typed.
import { describe, expect, it } from 'vitest';
import { endpointExample } from '#api/examples/endpoints';
import { endpointChange } from '#domain/endpoints/endpoint';
import type { Endpoint } from '../../packages/client/src/api-types.ts';
import { changeOf } from '../../web/src/dashboard/endpoints/settings/change.ts';
import { type Draft, draftOf, readers } from '../../web/src/dashboard/endpoints/settings/draft.ts';

const endpoint = endpointExample as Endpoint;
const full: Endpoint = {
  ...endpoint,
  filter: { 'data.a': { $gte: 1 } },
  transform: { preset: 'slack' },
  versions: { 'order.created': 1 },
  headers: { 'x-a': '***' },
  metadata: { note: 'a: b' },
  auth: { type: 'oauth2', tokenUrl: 'https://a.example/', clientId: 'a', clientSecret: '***', scope: 'x' },
  rateLimit: { perSecond: 2.5, burst: 3 },
  retry: { schedule: ['5s', '1m'] },
  batch: { maxEvents: 2, maxWaitMs: 5 },
  coalesceMs: 100,
};
const exact = ({ filter, transform }: Endpoint) => ({
  filter: filter ? JSON.stringify(filter) : '',
  transform: transform ? JSON.stringify(transform) : '',
});
const draft = (of: Endpoint) => draftOf(of, exact(of));
const changed = (fields: Partial<Draft>, of = endpoint) => changeOf(draft(of), { ...draft(of), ...fields });

describe('the draft of the settings', () => {
  it('has every setting that the API takes', () => {
    expect(Object.keys(readers).toSorted()).toEqual(Object.keys(endpointChange.shape).toSorted());
  });

  it('sends nothing that was not typed over', () => {
    expect(changeOf(draft(full), draft(full))).toEqual({ settings: [], problems: {}, text: '{}' });
  });

  it('writes and reads each setting so that the API takes what it has shown', () => {
    for (const setting of Object.keys(readers) as (keyof typeof readers)[]) {
      if (setting === 'tls') continue;
      const read = readers[setting].read(draft(full));
      const stored = setting === 'verification' ? full.verification.method : full[setting];
      expect(read, setting).toEqual(stored);
      expect(endpointChange.safeParse({ [setting]: read }).success, setting).toBe(true);
    }
  });

  it('sends filters as they were typed, with all digits', () => {
    expect(changed({ filter: ' {"data.a": 12345678901234567890} ' }).text).toBe('{"filter":{"data.a": 12345678901234567890}}');
    expect(changed({ filter: '' }, full).text).toBe('{"filter":null}');
  });

  it('takes JSON that is only set out in another way for unchanged, and spaces in texts for changed', () => {
    expect(changed({ filter: ' {"data.a" :\n{"$gte": 1} }' }, full).settings).toEqual([]);
    expect(changed({ transform: '{"template":"a b"}' }, { ...full, transform: { template: 'ab' } }).settings).toEqual(['transform']);
  });

  it('says what cannot be read, and sends the rest', () => {
    expect(changed({ filter: '{', ratePerSecond: 'x', maxInFlight: '4', headers: 'no colon', rateBurst: '3' })).toMatchObject({
      problems: {
        filter: expect.stringContaining('is no JSON'),
        rateLimit: 'must be a number, such as 100 or 2.5',
        headers: expect.stringContaining('a colon'),
      },
      text: '{"maxInFlight":4}',
    });
    expect(changed({ timeout: ' ' })).toMatchObject({ problems: { timeoutMs: 'must be a number of seconds' }, text: '{}' });
    expect(changed({ batchWait: '5' }).problems.batch).toContain('needs');
    expect(changed({ rateBurst: '5' }).problems.rateLimit).toContain('needs');
  });

  it('takes a schedule, a growing one as JSON, or the usual one', () => {
    expect(changed({ retry: '5s,1m' }).text).toBe('{"retry":{"schedule":["5s","1m"]}}');
    const growing = { initial: '1s', factor: 2, max: '1h', attempts: 3 };
    expect(changed({ retry: JSON.stringify(growing) }).text).toBe(`{"retry":${JSON.stringify(growing)}}`);
    expect(changed({ retry: ' ' }, full).text).toBe('{"retry":null}');
  });

  it('removes TLS settings, or replaces them as a whole', () => {
    expect(changed({ tlsRemove: 'yes' }).text).toBe('{"tls":null}');
    expect(changed({ tlsCertificate: 'a', tlsKey: 'b' }).text).toBe('{"tls":{"certificate":"a","key":"b"}}');
  });
});
