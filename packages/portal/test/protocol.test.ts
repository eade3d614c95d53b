// What the page reads of a link and of the messages of its frame. The frame itself: test/web/portal-embedded.test.ts.
import { describe, expect, it } from 'vitest';
import { readFrameMessage, readHostMessage, readPortalUrl } from '../src/protocol.ts';

describe('the url of a portal link', () => {
  it('has the origin and the token', () => {
    const url = 'https://hooks.example.com/portal/lnk_1#token=a.b-c_d.e';
    expect(readPortalUrl(url)).toEqual({ url, origin: 'https://hooks.example.com', token: 'a.b-c_d.e' });
  });

  it.each(['https://hooks.example.com/portal', 'javascript:alert(1)#token=a', 'data:text/html,x#token=a', '/portal#token=a', ''])(
    '%j is none',
    (url) => expect(() => readPortalUrl(url)).toThrow(),
  );
});

it.each([
  null,
  'ready',
  1,
  [],
  {},
  { posthorn: 'other' },
  { posthorn: 'height' },
  { posthorn: 'height', height: '9' },
  { posthorn: 'height', height: Number.NaN },
])('what a frame may send by mistake is no message: %j', (data) => expect(readFrameMessage(data)).toBeNull());

it('the messages of the portal are read, and nothing but their fields', () => {
  expect(readFrameMessage({ posthorn: 'ready', more: 1 })).toEqual({ posthorn: 'ready' });
  expect(readFrameMessage({ posthorn: 'height', height: 812.5 })).toEqual({ posthorn: 'height', height: 812.5 });
  expect(readFrameMessage({ posthorn: 'token-needed' })).toEqual({ posthorn: 'token-needed' });
});

it('what a page may send by mistake is no message, and unknown looks are left out', () => {
  for (const data of [null, 'hello', {}, { posthorn: 'ready' }, { posthorn: 'token' }, { posthorn: 'token', token: 1 }])
    expect(readHostMessage(data)).toBeNull();
  expect(readHostMessage({ posthorn: 'look', mode: 'blue', language: 'fr', accent: 'x' })).toEqual({ posthorn: 'look' });
  expect(readHostMessage({ posthorn: 'hello', mode: 'dark', language: 'de' })).toEqual({ posthorn: 'hello', mode: 'dark', language: 'de' });
  expect(readHostMessage({ posthorn: 'token', token: 'a.b.c' })).toEqual({ posthorn: 'token', token: 'a.b.c' });
});
