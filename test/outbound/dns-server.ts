// A DNS server on 127.0.0.1 with scripted answers, query by query, and a resolver that uses it.
// Real packets, real records.
import { Resolver } from 'node:dns/promises';
import { createUDPServer, Packet, type Resource } from 'dns2';
import { onTestFinished } from 'vitest';
import type { Resolve, ResolvedAddress } from '#outbound/resolve';
import { patienceMs } from './sender.ts';

/** `192.0.2.1`, `2001:db8::1`, or `-> other.example` for an alias; later entries then belong to that name. */
type Answer = string[] | 'no such name' | 'failure' | 'silence';

export interface DnsServer {
  /** Resolves all addresses of a name, as the system's resolver would: queries IPv4 and IPv6, without a cache. */
  resolve: Resolve;
  /** For a test's own resolver. */
  address: string;
  /** The queried names, IPv4 queries only, in order. */
  asked: string[];
}

/** `answers`: one for each query of a name; the last repeats. The TTL is 0, so that no resolver caches them. */
export async function startDns(zone: Record<string, Answer[]>): Promise<DnsServer> {
  const asked: string[] = [];
  const server = createUDPServer((request, send) => {
    const [question] = request.questions;
    if (!question) return;
    const isFirst = question.type === Packet.TYPE.A;
    if (isFirst) asked.push(question.name);
    const nth = asked.filter((name) => name === question.name).length;
    const answers = zone[question.name] ?? ['no such name'];
    const answer = answers[Math.min(Math.max(nth, 1), answers.length) - 1] ?? 'failure';
    if (answer === 'silence') return;
    const response = Packet.createResponseFromRequest(request);
    if (answer === 'no such name') response.header.rcode = 3;
    else if (answer === 'failure') response.header.rcode = 2;
    else response.answers.push(...recordsOf(question.name, answer, question.type));
    send(response);
  });
  await server.listen(0, '127.0.0.1');
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const resolver = new Resolver({ timeout: patienceMs, tries: 1 });
  onTestFinished(() => resolver.cancel());
  const address = `127.0.0.1:${server.address().port}`;
  resolver.setServers([address]);
  return { asked, address, resolve: (name) => resolveBoth(resolver, name) };
}

function recordsOf(name: string, answer: string[], type: number): Resource[] {
  let owner = name;
  return answer.flatMap((text): Resource[] => {
    const common = { name: owner, class: Packet.CLASS.IN, ttl: 0 };
    if (text.startsWith('-> ')) {
      owner = text.slice(3);
      return [new Packet.Resource({ ...common, type: Packet.TYPE.CNAME, domain: owner })];
    }
    const own = text.includes(':') ? Packet.TYPE.AAAA : Packet.TYPE.A;
    return own === type ? [new Packet.Resource({ ...common, type, address: text })] : [];
  });
}

async function resolveBoth(resolver: Resolver, name: string): Promise<ResolvedAddress[]> {
  // one after the other, so that the n-th answer does not depend on which query comes first
  const [v4, v6] = [await settled(resolver.resolve4(name)), await settled(resolver.resolve6(name))];
  if (!('addresses' in v4) && !('addresses' in v6)) throw v4.error;
  const found = (of: typeof v4, family: number) => ('addresses' in of ? of.addresses.map((address) => ({ address, family })) : []);
  return [...found(v4, 4), ...found(v6, 6)];
}

function settled(promise: Promise<string[]>): Promise<{ addresses: string[] } | { error: unknown }> {
  return promise.then(
    (addresses) => ({ addresses }),
    (error: unknown) => ({ error }),
  );
}
