// The title and the detail of an alert, made of its facts. The same texts appear in the API and in every channel.
import type { AlertKind, Facts } from './alert.ts';
import { endpointName } from './endpoint-name.ts';

export interface AlertText {
  title: string;
  detail: string;
}

type Write = (facts: Reader, count: number) => AlertText;

/** Reads facts as text. A fact that an older version did not store reads as `unknown`. */
interface Reader {
  /** The name of the endpoint. */
  endpoint(): string;
  text(name: string): string;
  number(name: string): number;
}

const texts: Record<AlertKind, Write> = {
  'endpoint.failing': (f, count) => ({
    title: `${f.endpoint()} accepts nothing`,
    detail: `The endpoint has accepted nothing since ${f.text('since')}, in ${count} attempts. Its deliveries wait and are retried. Check the receiver; the attempts of a delivery show its answers.`,
  }),
  'endpoint.disabling': (f) => ({
    title: `${f.endpoint()} will be disabled`,
    detail: `The endpoint has accepted nothing since ${f.text('since')}. It will be disabled after ${f.text('disabledAt')}: ${f.number('percent')} % of the time is over. Repair the receiver before.`,
  }),
  'endpoint.disabled': (f) => ({
    title: `${f.endpoint()} is disabled`,
    detail: `Nothing is sent to the endpoint: ${f.text('reason')}. Its deliveries are held. Repair the receiver, then resume the endpoint.`,
  }),
  'endpoint.recovered': (f) => ({
    title: `${f.endpoint()} accepts again`,
    detail: 'The endpoint accepts deliveries again. What was held is sent in order. Nothing needs to be done.',
  }),
  'endpoint.slow': (f) => ({
    title: `${f.endpoint()} is slow`,
    detail: `95 % of the answers of the last ${f.number('minutes')} minutes took up to ${f.number('p95Ms')} ms, of a timeout of ${f.number('timeoutMs')} ms. Answer first and do the work later, or raise timeoutMs.`,
  }),
  'endpoint.success_rate': (f) => ({
    title: `${f.endpoint()} refuses more than usual`,
    detail: `${f.number('now')} % of the attempts of the last ${f.number('minutes')} minutes were accepted; usual are ${f.number('usual')} %. Compare the answers of refused attempts with the last change of the receiver.`,
  }),
  'endpoint.latency': (f) => ({
    title: `${f.endpoint()} answers more slowly than usual`,
    detail: `The mean answer of the last ${f.number('minutes')} minutes took ${f.number('now')} ms; usual are ${f.number('usual')} ms. Check the load of the receiver.`,
  }),
  'endpoint.volume': (f) => ({
    title: `${f.endpoint()} gets ${f.number('now') < f.number('usual') ? 'fewer' : 'more'} deliveries than usual`,
    detail: `${f.number('now')} deliveries were made for it in the last ${lengthOf(f)}; usual are ${f.number('usual')}. Check whether the producer sends what it should.`,
  }),
  'deliveries.dead_lettered': (f, count) => ({
    title: `${many(count, 'dead letter')} for ${f.endpoint()}`,
    detail: `${count === 1 ? '1 delivery was' : `${count} deliveries were`} given up in the last hour, after all retries. The last answer: ${f.text('message')}. Repair the receiver, then replay what was given up.`,
  }),
  'deliveries.quarantined': (f, count) => ({
    title: `${many(count, 'delivery', 'deliveries')} in quarantine`,
    detail: `Posthorn could not make the requests of ${many(count, 'delivery', 'deliveries')} because of an internal error: ${f.text('message')}. Find the cause in the log, then release what is there (POST /v1/deliveries/{id}/release).`,
  }),
  'deliveries.overdue': (f, count) => ({
    title: count === 1 ? '1 delivery is overdue' : `${count} deliveries are overdue`,
    detail: `The oldest attempt should have been made at ${f.text('since')}. Check that workers run and that they have the capacity (GET /v1/status).`,
  }),
  'backlog.old': (f) => ({
    title: `Accepted events wait for ${f.number('seconds')} s`,
    detail: `The oldest event in the outbox was accepted at ${f.text('since')} and is not dispatched. Check that workers run (GET /v1/status), and that PostgreSQL and Temporal are fast enough.`,
  }),
  'certificate.expiring': (f) => ({
    title: `The client certificate for ${f.endpoint()} ${expires(f.number('days'))}`,
    detail: `The client certificate of the endpoint is valid until ${f.text('expiresAt')}. Set a new certificate and key in the settings of the endpoint.`,
  }),
  'secret.expiring': (f) => ({
    title: `The old signing secret for ${f.endpoint()} ends`,
    detail: `The rotated secret signs until ${f.text('expiresAt')}. Until then the receiver must verify with the new secret.`,
  }),
  'key.expiring': (f) => ({
    title: `The API key ${f.text('prefix')}… ${expires(f.number('days'))}`,
    detail: `The API key "${f.text('name')}" expires at ${f.text('expiresAt')}. Create another one and use it instead.`,
  }),
  'ingest.abnormal': (f) => ({
    title: `${f.number('now') < f.number('usual') ? 'Fewer' : 'More'} events arrive than usual`,
    detail: `${f.number('now')} events were accepted in the last ${lengthOf(f)}; usual are ${f.number('usual')}. Check the producers.`,
  }),
  'workers.missing': (f) => ({
    title: 'No worker is running',
    detail: `No worker has been seen since ${f.text('since')}. Events are accepted, and nothing is delivered. Start a worker (posthorn worker).`,
  }),
  'temporal.unreachable': (f) => ({
    title: 'Temporal cannot be used',
    detail: `Temporal does not answer or refuses: ${f.text('trouble')}. Events are accepted and first attempts are made; retries may be late. Check the address, the namespace and the credentials of Temporal.`,
  }),
  'postgres.unreachable': (f) => ({
    title: 'PostgreSQL does not answer',
    detail: `${f.text('process')} cannot use PostgreSQL since ${f.text('since')}: ${f.text('trouble')}. New events are answered with 503, and nothing is delivered. Check the database server.`,
  }),
};

export function alertText(kind: AlertKind, facts: Facts, count: number): AlertText {
  const reader: Reader = {
    endpoint: () => endpointName(facts),
    text: (name) => String(facts[name] ?? 'unknown'),
    number: (name) => Number(facts[name] ?? 0),
  };
  return texts[kind](reader, count);
}

/** Of the time in which something was counted. */
const lengthOf = (f: Reader) => (f.number('seconds') > 0 ? `${f.number('seconds')} seconds` : `${f.number('minutes')} minutes`);

const many = (count: number, one: string, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** `days`: a step of `daysLeft`. */
function expires(days: number): string {
  if (days <= 0) return 'has expired';
  return days === 1 ? 'expires within a day' : `expires within ${days} days`;
}
