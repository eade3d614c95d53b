// Outbound settings: the operator's CA file is read at start, and an invalid one stops the start,
// so that it never counts as a failure of an endpoint.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openOutboundConfig } from '#app/outbound-config';
import { createAuthority } from '../support/authority.ts';

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, text);
  return file;
}
const opened = (more: object) =>
  openOutboundConfig({ POSTHORN_CA_FILE: undefined, POSTHORN_EGRESS_PROXY: undefined, ...more }, 'http://127.0.0.1:8080');

it('is empty by default', () => expect(opened({})).toEqual({ ca: undefined }));

it('trusts the CAs of the file in addition to the public ones', () => {
  const { ca } = createAuthority();
  expect(opened({ POSTHORN_CA_FILE: fileWith(ca) }).ca).toContain(ca);
});

it.each(['', 'no certificate', '-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n'])(
  'a file that contains %j stops the start',
  (text) => {
    const start = () => opened({ POSTHORN_CA_FILE: fileWith(text) });
    expect(start).toThrow(/^POSTHORN_CA_FILE: /);
    expect(start).not.toThrow(/canary/);
  },
);

it('a missing file stops the start', () => expect(() => opened({ POSTHORN_CA_FILE: '/nowhere/ca.pem' })).toThrow(/^POSTHORN_CA_FILE: /));

it('a proxy is used for all requests except those to this server itself', () => {
  const { proxy } = opened({ POSTHORN_EGRESS_PROXY: 'socks5://proxy.example' });
  expect([proxy?.isBypassed('http://127.0.0.1:8080'), proxy?.isBypassed('http://127.0.0.1:8081')]).toEqual([true, false]);
});
