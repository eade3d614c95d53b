// Outcomes of statuses and errors, and the limits of Retry-After: from 0 to 24 h, never for ever.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSignOfLife, outcomeOfStatus, outcomes, refusalOfErrorCode, refusals, retryAfterMs, signOf } from '#domain/deliveries/outcome';
import { answerOf } from '../../support/answer.ts';

describe('outcomeOfStatus', () => {
  it.each([
    [200, 'accepted'],
    [204, 'accepted'],
    [299, 'accepted'],
    [300, 'redirect'],
    [301, 'redirect'],
    [304, 'redirect'],
    [399, 'redirect'],
    [400, 'http_status'],
    [404, 'http_status'],
    [409, 'http_status'],
    [410, 'gone'],
    [411, 'http_status'],
    [429, 'http_status'],
    [500, 'http_status'],
    [503, 'http_status'],
    [999, 'http_status'],
  ])('%i is %s', (status, outcome) => {
    expect(outcomeOfStatus(status)).toBe(outcome);
  });

  it('returns an outcome for every number', () => {
    fc.assert(fc.property(fc.double(), (status) => outcomes.includes(outcomeOfStatus(status))));
  });
});

describe('signOf', () => {
  it.each([
    [204, 'accepted'],
    [400, 'answered'],
    [401, 'answered'],
    [404, 'answered'],
    [409, 'answered'],
    [422, 'answered'],
    [499, 'answered'],
    [302, 'failed'],
    [408, 'failed'],
    [410, 'failed'],
    [425, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
    ['timeout', 'failed'],
    ['reset', 'failed'],
    ['auth_failed', 'failed'],
  ] as const)('%s: the endpoint %s', (said, sign) => {
    expect(signOf(answerOf(said))).toBe(sign);
    expect(isSignOfLife(sign)).toBe(sign !== 'failed');
  });

  it('is a failure if the response is incomplete, for any status', () => {
    expect(signOf({ ...answerOf(404), outcome: 'timeout' })).toBe('failed');
  });
});

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 9, 21, 7, 28, 0);
  const day = 86_400_000;

  it.each([
    ['0', 0],
    ['1', 1_000],
    [' 120 ', 120_000],
    ['86400', day],
    ['86401', day],
    ['9'.repeat(400), day],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wednesday, 21-Oct-26 07:29:00 GMT', 60_000],
    ['Wed Oct 21 07:30:00 2026', 120_000],
    ['Sun Nov  1 07:30:00 2026', day],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['Wednesday, 21-Oct-98 07:28:00 GMT', 0],
    ['Fri, 21 Oct 2050 07:28:00 GMT', day],
    ['-5', null],
    ['1.5', null],
    ['1e3', null],
    ['0x10', null],
    ['', null],
    ['soon', null],
    ['120, 240', null],
    ['Wed, 21 Foo 2026 07:28:30 GMT', null],
    ['Wed, 32 Oct 2026 07:28:30 GMT', null],
    ['Wed, 21 Oct 2026 24:28:30 GMT', null],
    ['Wed, 21 Oct 2026 07:28:30 CET', null],
    ['2026-10-21T07:28:30Z', null],
  ])('%j is %j', (value, expected) => {
    expect(retryAfterMs(503, value, now)).toBe(expected);
    expect(retryAfterMs(429, value, now)).toBe(expected);
  });

  it('is used only for 429 and 503, and only if the header is present', () => {
    for (const status of [200, 301, 408, 410, 425, 500, 502, 504]) expect(retryAfterMs(status, '5', now)).toBeNull();
    expect(retryAfterMs(503, null, now)).toBeNull();
    expect(retryAfterMs(503, undefined, now)).toBeNull();
  });

  it('never throws, and stays within 0 and 24 h', () => {
    const date = fc.date({ noInvalidDate: true }).map((at) => at.toUTCString());
    const value = fc.oneof(fc.string(), date, fc.bigInt().map(String));
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 4e12 }), (text, at) => {
        const ms = retryAfterMs(503, text, at);
        return ms === null || (ms >= 0 && ms <= day);
      }),
    );
  });

  it('returns the milliseconds until any date within a day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400 }), (seconds) => {
        expect(retryAfterMs(429, new Date(now + seconds * 1_000).toUTCString(), now)).toBe(seconds * 1_000);
      }),
    );
  });
});

describe('refusalOfErrorCode', () => {
  const table = {
    timeout: 'POSTHORN_DEADLINE ETIMEDOUT',
    dns: 'ENOTFOUND EAI_AGAIN EAI_FAIL ENODATA ESERVFAIL ETIMEOUT',
    address_blocked: 'POSTHORN_ADDRESS_BLOCKED',
    connect: 'ECONNREFUSED EHOSTUNREACH ENETUNREACH EHOSTDOWN',
    tls: 'EPROTO CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REVOKED DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT_LOCALLY ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_DH_PARAM_SIZE ERR_SSL_WRONG_VERSION_NUMBER ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION HOSTNAME_MISMATCH UNSPECIFIED',
    reset: 'ECONNRESET EPIPE ECONNABORTED',
    protocol: 'HPE_INVALID_CONSTANT HPE_INVALID_HEADER_TOKEN HPE_INVALID_CHUNK_SIZE HPE_LF_EXPECTED HPE_HEADER_OVERFLOW POSTHORN_UPGRADE',
    response_too_large: 'POSTHORN_TOO_LARGE',
  };
  it.each(Object.entries(table))('%s', (refusal, codes) => {
    for (const code of codes.split(' ')) expect(refusalOfErrorCode(code), code).toBe(refusal);
  });

  it('returns null for errors that this process causes', () => {
    const own = 'EMFILE ENFILE ENOMEM ENOBUFS EADDRNOTAVAIL EADDRINUSE EACCES EPERM ENETDOWN EAI_MEMORY EAI_SYSTEM OUT_OF_MEM'.split(' ');
    own.push(
      'ERR_TLS_INVALID_PROTOCOL_VERSION',
      'ERR_TLS_INVALID_CONTEXT',
      'ERR_SSL_MALLOC_FAILURE',
      'HPE_INTERNAL',
      'HPE_CB_HEADERS_COMPLETE',
    );
    own.push('ERR_INVALID_ARG_TYPE', 'ERR_ASSERTION', '', 'econnreset', ' ECONNRESET');
    for (const code of own) expect(refusalOfErrorCode(code), code).toBeNull();
  });

  it('never throws and returns only known refusals', () => {
    const code = fc.oneof(fc.string(), fc.constantFrom('toString', '__proto__', 'constructor', 'CERT_', 'HPE_', 'ERR_SSL_'));
    fc.assert(
      fc.property(code, (text) => {
        const refusal = refusalOfErrorCode(text);
        return refusal === null || refusals.includes(refusal);
      }),
    );
  });
});
