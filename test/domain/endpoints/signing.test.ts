import { describe, expect, it } from 'vitest';
import { secretProblem } from '#domain/endpoints/secret';
import { secretFormsOf, signing, signingHeaderProblems, signsWithKeyPair } from '#domain/endpoints/signing';

const custom = { header: 'X-Sig', algorithm: 'sha256', encoding: 'hex', signed: '{body}', secretAs: 'text' } as const;
const messageSignatures = { algorithm: 'ed25519' } as const;

describe('signing', () => {
  it.each([
    [{}],
    [{ schemes: ['v1a', 'v1'] }],
    [{ schemes: [], custom }],
    [{ schemes: [], messageSignatures }],
    [{ schemes: ['v1'], custom: { ...custom, lead: 't={timestamp}', separator: ',', prefix: 'v1=' }, messageSignatures }],
    [{ schemes: ['v1a'], custom: { ...custom, secretAs: 'hex' } }],
    [{ custom: { ...custom, lead: 'id={id}, t={timestamp}', separator: ', ', prefix: 'HMAC ' } }],
  ])('accepts %j', (given) => {
    expect(signing.safeParse(given).success).toBe(true);
  });

  it.each<[object, string[]]>([
    [{ schemes: [] }, ['schemes']],
    [{ schemes: ['v1', 'v1'] }, ['schemes']],
    [{ schemes: ['v2'] }, ['schemes.0']],
    [{ custom: { ...custom, secretAs: 'hex' } }, ['custom.secretAs']],
    [{ custom: { ...custom, lead: 't={timestamp}' } }, ['custom.separator']],
    [{ custom: { ...custom, timestampHeader: 'x-sig' } }, ['custom.timestampHeader']],
    [{ custom: { ...custom, header: 'webhook-signature' } }, ['custom.header']],
    [{ custom: { ...custom, header: 'ce-id' } }, ['custom.header']],
    [{ custom: { ...custom, lead: 't={timestmap}', separator: ',' } }, ['custom.lead']],
    [{ custom: { ...custom, lead: 't={timestamp', separator: ',' } }, ['custom.lead']],
    [{ custom: { ...custom, lead: ' t={timestamp}', separator: ',' } }, ['custom.lead']],
    [{ custom: { ...custom, prefix: 't={timestamp},' } }, ['custom.prefix']],
    [{ custom: { ...custom, prefix: ' sha256=' } }, ['custom.prefix']],
    [{ custom: { ...custom, separator: '{id}' } }, ['custom.separator']],
    [{ custom: { ...custom, header: 'X Sig' } }, ['custom.header']],
    [{ custom: { ...custom, header: 'Content-Length' } }, ['custom.header']],
    [{ custom: { ...custom, prefix: 'a\r\nb' } }, ['custom.prefix']],
    [{ custom: { ...custom, signed: '{body}.{id}' } }, ['custom.signed']],
    [{ custom: { ...custom, algorithm: 'md5' } }, ['custom.algorithm']],
    [{ messageSignatures: { ...messageSignatures, components: ['@method'] } }, ['messageSignatures.components']],
    [{ custom: { ...custom, header: 'posthorn-test' } }, ['custom.header']],
    [
      { messageSignatures: { ...messageSignatures, components: ['@method', '@target-uri', 'content-digest', 'content-digest'] } },
      ['messageSignatures.components'],
    ],
    [{ messageSignatures: { ...messageSignatures, label: 'a=b' } }, ['messageSignatures.label']],
  ])('rejects %j', (given, paths) => {
    expect(signing.safeParse(given).error?.issues.map(({ path }) => path.join('.'))).toEqual(paths);
  });

  it('never sets a header twice', () => {
    const both = signing.parse({ custom: { ...custom, header: 'Signature' }, messageSignatures });
    const paths = (given: Parameters<typeof signingHeaderProblems>) => signingHeaderProblems(...given).map(({ path }) => path);
    expect(paths([both, {}])).toEqual(['signing.custom.header']);
    expect(paths([signing.parse({ custom }), { 'x-SIG': 'own' }])).toEqual(['signing.custom.header']);
    expect(paths([signing.parse({ custom: { ...custom, timestampHeader: 'Authorization' } }), {}])).toEqual([
      'signing.custom.timestampHeader',
    ]);
    expect(paths([signing.parse({ messageSignatures }), { 'Content-Digest': 'own' }])).toEqual(['signing.messageSignatures']);
    expect(paths([null, { 'x-sig': 'own' }])).toEqual([]);
  });

  it('determines the forms of its secrets, and whether it needs a key pair', () => {
    const hmac = { algorithm: 'hmac-sha256' } as const;
    expect(secretFormsOf(null)).toEqual(['whsec']);
    expect(secretFormsOf({ schemes: ['v1a'] })).toEqual([]);
    expect(secretFormsOf({ schemes: ['v1'], custom })).toEqual(['whsec', 'text']);
    expect(secretFormsOf({ schemes: [], custom: { ...custom, secretAs: 'hex' }, messageSignatures: hmac })).toEqual(['hex']);
    expect(secretFormsOf({ schemes: [], messageSignatures: hmac })).toEqual(['whsec']);
    expect([null, { schemes: ['v1' as const] }, { schemes: [], messageSignatures: hmac }].map(signsWithKeyPair)).toEqual([
      false,
      false,
      false,
    ]);
    expect([{ schemes: ['v1a' as const] }, { schemes: [], messageSignatures }].map(signsWithKeyPair)).toEqual([true, true]);
  });
});

describe('the forms of a secret', () => {
  const whsec = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  it.each([
    [whsec, ['whsec', 'text', 'base64']],
    ["It's a Secret to Everybody", ['text']],
    ['0123456789abcdef0123456789abcdef', ['text', 'hex', 'base64']],
    ['too short', []],
    [`${'a'.repeat(20)}\n`, []],
  ] as const)('%j', (text, forms) => {
    expect((['whsec', 'text', 'hex', 'base64'] as const).filter((form) => secretProblem(text, form) === null)).toEqual(forms);
  });
});
