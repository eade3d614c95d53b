// What is wrong with a field: the code that is read back from each message, and its German words.
import { expect, it } from 'vitest';
import { faultText, readFault } from '#domain/faults/fault';
import { faultCodes, faultTexts, type TextFault } from '#domain/faults/fault-texts';
import { parseFilter } from '#domain/filters/parse-filter';
import { createAddressGuard } from '#outbound/address-guard';
import { faultInGerman } from '../../web/src/words/german/faults.ts';

const codes = Object.keys(faultTexts) as TextFault[];
const factsOf = (code: TextFault) =>
  Object.fromEntries([...faultTexts[code].matchAll(/\{(\w+)\}/g)].map(([, name = ''], index) => [name, `${index + 11}`]));

it.each(codes)('%s is read back from its message, and has German words with its facts', (code) => {
  const facts = factsOf(code);
  const message = faultText(code, facts);
  expect(message).not.toMatch(/undefined/);
  expect(readFault(message)).toEqual({ code, facts });
  const german = faultInGerman({ path: '', message, code, facts: { whyCode: 'missing', ...facts } });
  expect(german).toMatch(/[a-zäöü]{3}/);
  expect(german).not.toBe(message);
});

it.each(faultCodes)('%s has German words', (code) => {
  const facts = new Proxy({}, { get: () => 'x' });
  expect(faultInGerman({ path: '', message: '', code, facts })).not.toBeNull();
});

it('a fact may be any text, and a fault within a fault is read, too', () => {
  expect(readFault(faultText('url_not_exact', { url: 'https://a; send the URL in that form' }))).toMatchObject({ code: 'url_not_exact' });
  const why = faultText('path_root', { roots: 'id, data' });
  const message = faultText('placeholder', { placeholder: '{{x}}', why });
  expect(readFault(message)).toEqual({
    code: 'placeholder',
    facts: { placeholder: '{{x}}', why, whyCode: 'path_root', roots: 'id, data' },
  });
  expect(readFault('is something else')).toBeNull();
});

it.each([
  ['ftp://example.com', 'url_form'],
  ['https://a:b@example.com', 'url_credentials'],
  ['https://example.com/#x', 'url_fragment'],
  ['https://example.com:0', 'url_port'],
  ['https://example..com', 'url_label'],
  ['https://localhost', 'url_this_machine'],
  ['http://example.com', 'url_not_https'],
  ['https://posthorn.example/v1', 'url_own'],
  ['https://example.com/a/../b', 'url_not_exact'],
  ['https://10.0.0.7', 'url_special_address'],
  ['https://169.254.169.254', 'url_metadata_service'],
  ['http://93.184.216.34', 'url_http_address'],
] as const)('the URL %s is refused as %s', (url, code) => {
  const verdict = createAddressGuard({ allowCidrs: [], ownOrigin: 'https://posthorn.example' }).checkUrl(url);
  expect(verdict.ok ? null : readFault(verdict.reason)?.code).toBe(code);
});

it('every problem of a filter has a code', () => {
  const filters: unknown[] = [
    ...[[], {}, { $eq: 1 }, { 'data.a': { $foo: 1 } }, { 'data.a': [] }, { 'data.a': {} }, { foo: 1 }, { 'type.a': 1 }, { 'data..a': 1 }],
    ...[{ 'data.a\\b': 1 }, { 'data.*.*.*': 1 }, { $and: [] }, { 'data.a': { $in: [] } }, { 'data.a': { $gt: null } }],
    ...[{ 'data.a': { $exists: 1 } }, { 'data.a': { $prefix: '' } }, { 'data.a': { $contains: '' } }, { 'data.a': { $eq: [] } }],
    { [`data.${'a.'.repeat(20)}b`]: 1 },
    { [`data.${'a'.repeat(300)}`]: 1 },
    { 'data.a': 'x'.repeat(5_000) },
  ];
  const problems = filters.flatMap((filter) => parseFilter(filter).problems);
  expect(problems.length).toBeGreaterThanOrEqual(filters.length);
  expect(problems.filter(({ message }) => readFault(message) === null)).toEqual([]);
});
