// The address guard refuses one private address in every spelling: inside IPv6, in other number
// bases, in other scripts, with extra dots and names.
import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';

const strict = createAddressGuard({ allowCidrs: [] });
/** A guard that allows other private ranges: these must not allow any spelling of 10.1.2.3. */
const opened = createAddressGuard({ allowCidrs: ['192.168.0.0/16', 'fd00::/8'] });

/** Forms of 10.1.2.3, which is 0a010203 in hex. */
const insideIPv6: [form: string, address: string][] = [
  ['mapped', '::ffff:10.1.2.3'],
  ['mapped, in hex', '::ffff:a01:203'],
  ['mapped, in full', '0000:0000:0000:0000:0000:FFFF:0A01:0203'],
  ['compatible', '::10.1.2.3'],
  ['compatible, in hex', '::a01:203'],
  ['translated (RFC 2765)', '::ffff:0:10.1.2.3'],
  ['translated, in hex', '::ffff:0:a01:203'],
  ['NAT64', '64:ff9b::10.1.2.3'],
  ['NAT64, in hex', '64:ff9b::a01:203'],
  ['NAT64 of the local prefix, /48', '64:ff9b:1:a01:2:300::'],
  ['NAT64 of the local prefix, /56', '64:ff9b:1:a:1:203::'],
  ['NAT64 of the local prefix, /64', '64:ff9b:1:0:a:102:300:0'],
  ['NAT64 of the local prefix, /96', '64:ff9b:1::10.1.2.3'],
  ['6to4', '2002:a01:203::'],
  ['6to4, with further bits set', '2002:a01:203:1::1'],
  ['Teredo, as server', '2001:0:a01:203::'],
  ['Teredo, as client', '2001:0:4136:e378:8000:63bf:f5fe:fdfc'],
  ['ISATAP of a private address', '2a00:1450:4001::5efe:10.1.2.3'],
  ['ISATAP of a global address', '2a00:1450:4001::200:5efe:10.1.2.3'],
  ['ISATAP, group bit', '2a00:1450:4001::100:5efe:a01:203'],
  ['ISATAP, link-local', 'fe80::5efe:10.1.2.3'],
];

describe('10.1.2.3 inside IPv6', () => {
  it.each(insideIPv6)('%s: %s is refused', (_, address) => {
    for (const guard of [strict, opened]) {
      expect(guard.allows(address, 'https:')).toBe(false);
      expect(guard.checkUrl(`https://[${address}]/`).ok).toBe(false);
      expect(() => guard.checkLiteral(new URL(`https://[${address}]`).origin)).toThrow();
    }
  });
});

const hosts: [form: string, host: string][] = [
  ['one decimal number', '167838211'],
  ['an octal number', '01200201003'],
  ['a hex number', '0xa010203'],
  ['a hex number in capitals', '0XA010203'],
  ['two parts', '10.66051'],
  ['three parts', '10.1.515'],
  ['mixed bases', '0xa.1.02.0x3'],
  ['many zeros', '0000012.0x00001.2.3'],
  ['nothing after 0x', '10.1.2.0x'],
  ['a trailing dot', '10.1.2.3.'],
  ['a hex number and a trailing dot', '0xa010203.'],
  ['full-width digits', '１０.１.２.３'],
  ['full-width dots', '10．1．2．3'],
  ['ideographic dots', '10。1。2。3'],
  ['half-width ideographic dots', '10｡1｡2｡3'],
  ['circled digits', '①⓪.①.②.③'],
  ['superscripts', '¹⁰.¹.².³'],
  ['mathematical digits', '𝟏𝟎.𝟏.𝟐.𝟑'],
  ['a soft hyphen', '10.1.\u00ad2.3'],
  ['a zero-width space', '10.1.\u200b2.3'],
  ['a word joiner', '10.1.2\u2060.3'],
  ['percent signs', '%31%30.%31.2.3'],
  ['percent dots', '10%2e1%2E2%2e3'],
  ['percent full-width', '%EF%BC%91%EF%BC%90.1.2.3'],
  ['a tab inside', '10.1\t.2.3'],
  ['a line break inside', '10.1\n.2.3'],
];

describe('10.1.2.3 as a host', () => {
  it.each(hosts)('written with %s (%j) is refused', (_, host) => {
    for (const url of [`https://${host}/`, `https://${host}:8443/a?b`, `HTTPS://${host}`]) {
      expect(strict.checkUrl(url).ok).toBe(false);
      expect(opened.checkUrl(url).ok).toBe(false);
    }
  });

  it.each(['256.0.0.1', '1.2.3.4.5', '10.1.2.3.4', '0x1ffffffff', '4294967296', '10.1.2.65536', '1.2.3.08', '10..1.2', '10.1.2.3..'])(
    'an invalid IPv4 address (%s) is refused',
    (host) => {
      expect(strict.checkUrl(`https://${host}/`).ok).toBe(false);
    },
  );
});

describe('localhost in any spelling', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    'ｌｏｃａｌｈｏｓｔ',
    'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
    'loca\u00adlhost',
    'local\u200bhost',
    '%6cocalhost',
    'a.b.localhost',
    'localhost.',
    'localhost。',
    'ſ.localhost',
    'localhoſt',
  ])('%j is refused', (host) => {
    expect(strict.checkUrl(`https://${host}/`).ok).toBe(false);
  });
});

describe('the host of a URL', () => {
  it.each([
    'https://example.com@10.1.2.3/',
    'https://example.com:443@10.1.2.3/',
    'https://10.1.2.3@example.com/',
    'https://example.com%40@10.1.2.3/',
    'https://example.com\\@10.1.2.3/',
    'https://10.1.2.3\\.example.com/',
    'https://10.1.2.3#@example.com/',
    'https://10.1.2.3#.example.com/',
    'https://10.1.2.3?@example.com/',
    'https://10.1.2.3/@example.com/',
    'https://[::ffff:10.1.2.3]@example.com/',
    'https:///10.1.2.3/',
    'https:10.1.2.3/',
    '//10.1.2.3/',
  ])('cannot be disguised: %s is refused', (url) => {
    expect(strict.checkUrl(url).ok).toBe(false);
  });

  it('is parsed once: the checked URL names the host that the request goes to', () => {
    for (const text of ['https://bücher.example/', 'https://EXAMPLE.com:443/b', 'https://faß.example/']) {
      const verdict = strict.checkUrl(text);
      expect(verdict.ok && new URL(verdict.url.href).host === verdict.url.host).toBe(true);
    }
  });
});
