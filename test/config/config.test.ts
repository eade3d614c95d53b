import { expect, it } from 'vitest';
import { readConfig } from '#config/config';

it('lanes have defaults in days and hours', () => {
  expect(readConfig({})).toMatchObject({ POSTHORN_LANES: 256, POSTHORN_DISABLE_AFTER: '5d', POSTHORN_PROBE_DISABLED_EVERY: '1h' });
  expect(readConfig({ POSTHORN_DISABLE_AFTER: '1s' }).POSTHORN_DISABLE_AFTER).toBe('1s');
});

it.each([
  ['POSTHORN_LANES', '0'],
  ['POSTHORN_LANES', 'many'],
  ['POSTHORN_DISABLE_AFTER', '5'],
  ['POSTHORN_DISABLE_AFTER', '999ms'],
  ['POSTHORN_PROBE_DISABLED_EVERY', '0s'],
  ['POSTHORN_PROBE_DISABLED_EVERY', '-1h'],
  ['POSTHORN_EGRESS_PROXY', 'ftp://proxy.example'],
  ['POSTHORN_EGRESS_PROXY', 'proxy.example:3128'],
  ['POSTHORN_EGRESS_IPS', 'proxy.example'],
  ['POSTHORN_VERIFY_ENDPOINTS', 'yes'],
])('%s must not be %s, and the error names the variable', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^${name}: `));
});
