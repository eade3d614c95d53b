// What may be chosen for a portal: its origins become part of a header, and its logo is shown to consumers.
import { describe, expect, it } from 'vitest';
import { portalUrl } from '#domain/access/portal-link';
import { frameOrigin, newPortalTheme } from '#domain/access/portal-look';

describe('an origin that may embed the portal', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com:8443',
    'https://xn--bcher-kva.example',
    'http://localhost:3000',
    'http://127.0.0.1',
  ])('%s is accepted', (origin) => expect(frameOrigin.safeParse(origin).success).toBe(true));

  it.each([
    '*',
    'null',
    'https://*.example.com',
    'https:',
    "'self'",
    'http://app.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://app.example.com:443',
    'https://APP.example.com',
    'https://bücher.example',
    'https://user@app.example.com',
    'https://a.example;script-src *',
    'https://a.example,https://b.example',
    'https://a.example https://b.example',
    'https://a.example\nx: y',
    'https://a.example;default-src',
    'https://a.example"',
    'https://a.example:99999',
    'javascript:alert(1)',
    'data:text/html,x',
    'http://localhost.evil.example',
  ])('%j is refused', (origin) => expect(frameOrigin.safeParse(origin).success).toBe(false));
});

const dataUrl = (type: string, bytes: string | Buffer) => `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`;

function png(width: number, height: number): Buffer {
  const head = Buffer.alloc(33);
  head.write('89504e470d0a1a0a0000000d49484452', 'hex');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return head;
}

describe('a logo', () => {
  it.each([
    ['a PNG', dataUrl('png', png(200, 40))],
    ['an SVG', dataUrl('svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>')],
    ['an SVG with a declaration', dataUrl('svg+xml', '<?xml version="1.0"?>\n<svg/>'.replace('<svg/>', '<svg ></svg>'))],
  ])('that is %s is accepted', (_, logo) => expect(newPortalTheme.safeParse({ logo }).success).toBe(true));

  it.each([
    ['a URL', 'https://example.com/logo.png'],
    ['HTML', `data:text/html;base64,${Buffer.from('<p>').toString('base64')}`],
    ['HTML that is called PNG', dataUrl('png', '<!doctype html><p>not a picture, but long enough for one</p>')],
    ['a PNG that is too wide', dataUrl('png', png(2_001, 40))],
    ['a PNG without pixels', dataUrl('png', png(0, 40))],
    ['a cut PNG', dataUrl('png', png(10, 10).subarray(0, 20))],
    ['an SVG with a script', dataUrl('svg+xml', '<svg><SCRIPT>1</SCRIPT></svg>')],
    ['an SVG with an event handler', dataUrl('svg+xml', '<svg onload="x()"></svg>')],
    ['an SVG with entities', dataUrl('svg+xml', '<svg ><!ENTITY a "b"></svg>')],
    ['an SVG with HTML inside', dataUrl('svg+xml', '<svg><foreignObject/></svg>')],
    ['too long', dataUrl('png', Buffer.concat([png(10, 10), Buffer.alloc(40_000)]))],
    ['not base64', 'data:image/png;base64,%3Csvg'],
    ['of another kind', dataUrl('gif', 'GIF89a')],
  ])('that is %s is refused', (_, logo) => expect(newPortalTheme.safeParse({ logo }).success).toBe(false));
});

it('the address of a portal has the token in its fragment, and the id of the link where sites may embed it', () => {
  const link = { id: 'lnk_1', token: 'a.b.c' };
  expect(portalUrl('https://hooks.example', { ...link, origins: [] })).toBe('https://hooks.example/portal#token=a.b.c');
  expect(portalUrl('https://hooks.example', { ...link, origins: ['https://a.example'] })).toBe(
    'https://hooks.example/portal/lnk_1#token=a.b.c',
  );
});
