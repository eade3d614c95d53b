import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { notations, specialIPv4, specialIPv6 } from './addresses.ts';

const strict = createAddressGuard({ allowCidrs: [] });

describe('checkUrl', () => {
  it.each(specialIPv4.flatMap(notations))('https://%s/ is refused', (host) => {
    expect(strict.checkUrl(`https://${host}/hook`)).toMatchObject({ ok: false });
    expect(strict.checkUrl(`https://${host}:8443/hook`)).toMatchObject({ ok: false });
  });

  it.each(specialIPv6)('https://[%s]/ is refused', (host) => {
    expect(strict.checkUrl(`https://[${host}]/`)).toMatchObject({ ok: false });
  });

  it.each([
    'https://api.example.com',
    'https://api.example.com/hooks?key=a%20b',
    'HTTPS://API.example.com:8443/',
    'https://93.184.216.34/x',
    'https://[2606:4700:4700::1111]/x',
    'https://bücher.example/%C3%A4',
    'https://notlocalhost/',
    'https://localhost.example.com/',
  ])('%s is allowed', (url) => {
    expect(strict.checkUrl(url)).toMatchObject({ ok: true });
  });

  it.each([
    ['', /absolute/],
    ['/hook', /absolute/],
    ['api.example.com/hook', /absolute/],
    ['//api.example.com/hook', /absolute/],
    ['https:api.example.com', /absolute/],
    ['https:/api.example.com', /absolute/],
    ['https:///api.example.com', /absolute/],
    ['https:\\\\api.example.com', /absolute/],
    ['https://api.example.com\\@10.0.0.1/', /absolute/],
    ['https://', /absolute/],
    ['https://?', /absolute/],
    ['ftp://api.example.com/', /absolute/],
    ['file:///etc/passwd', /absolute/],
    ['javascript:alert(1)', /absolute/],
    [' https://api.example.com', /absolute/],
    ['https://api.exam\nple.com', /absolute/],
    ['https://api.example.com/a b', /absolute/],
    ['https://api.example.com/\0', /absolute/],
    ['https://api.example.com:99999/', /absolute/],
    ['https://999.1.1.1/', /absolute/],
    ['https://[::1', /absolute/],
    ['https://[fe80::1%25eth0]/', /absolute/],
    ['https://user:pass@api.example.com/', /credentials/],
    ['https://user@api.example.com/', /credentials/],
    ['https://@api.example.com/', /credentials/],
    ['https://:@api.example.com/', /credentials/],
    ['https://api.example.com/#part', /fragment/],
    ['https://api.example.com/#', /fragment/],
    ['https://api.example.com:0/', /port 0/],
    ['http://api.example.com/', /https/],
    ['http://93.184.216.34/', /plain http/],
    ['https://api.example.com./', /dot/],
    ['https://api..example.com/', /dot/],
    ['https://localhost/', /this machine/],
    ['https://LOCALHOST:8443/', /this machine/],
    ['https://a.localhost/', /this machine/],
    ['https://localhost./', /dot/],
    ['https://localhost%2e/', /dot/],
    ['https://localhos%74/', /this machine/],
    ['https://127.0.0.1/', /^127\.0\.0\.1 is a loopback address; add its range to POSTHORN_ALLOW_CIDRS to allow it$/],
    ['https://169.254.169.254/', /metadata address; only an entry for this single address in POSTHORN_ALLOW_CIDRS allows it$/],
    ['https://10.0.0.7/', /^10\.0\.0\.7 is a private address; add its range to POSTHORN_ALLOW_CIDRS to allow it$/],
  ])('%j is refused', (url, reason) => {
    expect(strict.checkUrl(url)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  it('accepts plain http to a name if any range is allowed; the resolved address decides', () => {
    const guard = createAddressGuard({ allowCidrs: ['10.0.0.0/8'] });
    expect(guard.checkUrl('http://receiver.internal/')).toMatchObject({ ok: true });
    expect(guard.checkUrl('http://10.1.1.1/')).toMatchObject({ ok: true });
    expect(guard.checkUrl('http://10.1.1.1./')).toMatchObject({ ok: false });
    expect(guard.checkUrl('http://0xa010101/')).toMatchObject({ ok: false });
    expect(guard.checkUrl('http://11.1.1.1/')).toMatchObject({ ok: false });
    expect(guard.checkUrl('http://localhost/')).toMatchObject({ ok: false });
  });

  it.each(['127.0.0.0/8', '::1/128'])('allows localhost if %s is allowed', (cidr) => {
    const guard = createAddressGuard({ allowCidrs: [cidr] });
    expect(guard.checkUrl('http://localhost:3000/')).toMatchObject({ ok: true });
    expect(guard.checkUrl('http://app.localhost:3000/')).toMatchObject({ ok: true });
  });

  it.each([[[]], [['127.0.0.0/8']]])('allows only /sandbox/ on this server (allowed ranges: %j)', (allowCidrs) => {
    const guard = createAddressGuard({ allowCidrs, ownOrigin: 'http://127.0.0.1:8080/' });
    expect(guard.checkUrl('http://127.0.0.1:8080/sandbox/demo')).toMatchObject({ ok: true });
    expect(guard.checkUrl('http://127.0.0.1:8080/sandbox/demo?x=1')).toMatchObject({ ok: true });
    expect(guard.checkUrl('http://127.0.0.1:8080/v1/../sandbox/demo?x=1')).toMatchObject({ ok: false });
    for (const path of [
      '',
      '/',
      '/sandbox',
      '/v1/tenants',
      '/sandbox/../v1/tenants',
      '/sandbox/%2e%2e/v1',
      '/sandbox/..%2fv1',
      '/Sandbox/x',
    ]) {
      expect(guard.checkUrl(`http://127.0.0.1:8080${path}`), path).toMatchObject({ ok: false });
    }
  });

  it('treats another spelling of this server as an ordinary address', () => {
    const guard = createAddressGuard({ allowCidrs: [], ownOrigin: 'http://127.0.0.1:8080' });
    for (const origin of [
      'http://127.0.0.1:8081',
      'https://127.0.0.1:8080',
      'http://localhost:8080',
      'http://[::1]:8080',
      'http://0.0.0.0:8080',
    ]) {
      expect(guard.checkUrl(`${origin}/sandbox/x`), origin).toMatchObject({ ok: false });
    }
  });
});
