// Two endpoints of one host are told apart in every text, and a description is one short line whatever a tenant writes.
import { describe, expect, it } from 'vitest';
import { alertText } from '#domain/alerts/alert-text';
import { endpointName, nameFacts } from '#domain/alerts/endpoint-name';

const named = (description: string) => endpointName(nameFacts({ host: 'hooks.test', description }));

describe('the name of an endpoint', () => {
  it('is its description and its host; without a description the host', () => {
    expect(named('Orders')).toBe('Orders (hooks.test)');
    expect(named(' \n ')).toBe('hooks.test');
    expect(endpointName({})).toBe('unknown');
    const facts = { ...nameFacts({ host: 'hooks.test', description: 'Orders' }), since: 'x' };
    expect(alertText('endpoint.failing', facts, 2).title).toBe('Orders (hooks.test) accepts nothing');
  });

  it('has one line, at most 80 characters of the description, and nothing that turns the direction of writing', () => {
    expect(named('a\r\nBcc: x@example.com\u2028b\u202egpj.exe')).toBe('a Bcc: x@example.com b gpj.exe (hooks.test)');
    const { description } = nameFacts({ host: 'hooks.test', description: '😀'.repeat(200) });
    expect([...(description ?? '')]).toHaveLength(80);
    expect(description).toMatch(/^(😀){79}…$/u);
  });
});
