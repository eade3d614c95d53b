import { describe, expect, it } from 'vitest';
import { brief, changedFields, withoutSecrets } from '#domain/access/audit';

describe('an audit entry', () => {
  it.each([
    ['https://hooks.example.com/T0/B0/token?key=1#f', 'https://hooks.example.com/***'],
    ['https://user:password@example.com:8443/', 'https://example.com:8443/***'],
    ['https://example.com?token=1', 'https://example.com/***'],
    ['https://a@b@example.com/x', 'https://example.com/***'],
    ['not a url', '***'],
  ])('shows the URL %s as %s', (url, shown) => {
    expect(withoutSecrets({ url })).toEqual({ url: shown });
  });

  it('shows only the names of headers, and masks every field that is not on the allow list', () => {
    const fields = {
      headers: { authorization: 'x' },
      auth: { type: 'bearer', token: 'x' },
      invented: 7,
      timeoutMs: 7,
      retry: null,
      absent: undefined,
    };
    const shown = { headers: { authorization: '***' }, auth: '***', invented: '***', timeoutMs: 7, retry: null, absent: null };
    expect(withoutSecrets(fields)).toEqual(shown);
  });

  it('shows only changed fields, even if their values are masked', () => {
    const before = { timeoutMs: 1, description: 'a', auth: { token: 'old' }, batch: null };
    const after = { timeoutMs: 2, description: 'a', auth: { token: 'new' }, batch: null };
    expect(changedFields(Object.keys(after), before, after)).toEqual({
      before: { timeoutMs: 1, auth: '***' },
      after: { timeoutMs: 2, auth: '***' },
    });
  });

  it('shows only the changed keys of metadata', () => {
    const change = changedFields(['metadata'], { metadata: { a: '1', b: '2', c: '3' } }, { metadata: { a: '1', b: '4', d: '5' } });
    expect(change).toEqual({ before: { metadata: { b: '2', c: '3', d: null } }, after: { metadata: { b: '4', c: null, d: '5' } } });
    expect(changedFields(['metadata'], { metadata: { a: '1' } }, { metadata: { a: '1' } })).toEqual({ before: {}, after: {} });
  });

  it('cuts a long value to its start and its length', () => {
    const types = Array.from({ length: 100 }, (_, n) => `type.${n}`);
    const long = 'x'.repeat(300);
    expect(brief({ name: long, metadata: { a: long, b: 'y' }, eventTypes: types, timeoutMs: 7, gone: null })).toEqual({
      name: `${'x'.repeat(200)}… (300 characters)`,
      metadata: { a: `${'x'.repeat(200)}… (300 characters)`, b: 'y' },
      eventTypes: `${JSON.stringify(types).slice(0, 200)}… (${JSON.stringify(types).length} characters)`,
      timeoutMs: 7,
      gone: null,
    });
    expect(brief({ name: `${'x'.repeat(199)}${'📯'.repeat(9)}` })).toEqual({ name: `${'x'.repeat(199)}… (217 characters)` });
    expect(brief({ name: 'x'.repeat(200) })).toEqual({ name: 'x'.repeat(200) });
    expect(brief(null)).toBeNull();
  });
});
