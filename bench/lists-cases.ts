// The pages to measure: every list of the API, from its start, middle and end, and deliveries by
// every combination of filters.
import type pg from 'pg';
import { makeId } from '#domain/ids';
import { bigTenant, commonType, deadTenant, fanOuts, foreignType, rareType, smallTenant } from './lists-rows.ts';

export interface Case {
  /** The name of the group that is measured together. */
  list: string;
  path: string;
}

const dayMs = 24 * 3_600_000;

/** The cursors and ids are read from the store. */
export async function casesOf(db: pg.Client, days: number): Promise<Case[]> {
  const one = async (text: string, ...values: unknown[]) =>
    String(Object.values((await db.query(text, values)).rows[0] ?? { none: '' })[0]);
  const id = (prefix: string, uuid: string) => `${prefix}_${uuid.replaceAll('-', '')}`;
  const ofTenant =
    'select d.endpoint_id from deliveries d join tenants t on t.id = d.tenant_id where t.external_id = $1 and d.event_id <> d.id';
  const busy = id(
    'ep',
    await one(`select endpoint_id from (${ofTenant} limit 100000) e group by 1 order by count(*) desc limit 1`, bigTenant),
  );
  const idle = id('ep', await one(`select endpoint_id from (${ofTenant} limit 100000) e group by 1 order by count(*) limit 1`, bigTenant));
  const dead = id('ep', await one(`${ofTenant} limit 1`, deadTenant));
  const oldest = id(
    'dlv',
    await one('select id from deliveries where tenant_id = (select id from tenants where external_id = $1) order by id limit 1', bigTenant),
  );
  const newest = id('dlv', await one('select id from deliveries order by id desc limit 1'));
  const scopes = {
    all: '',
    'of tenant': [bigTenant, smallTenant, deadTenant].map((tenant) => `tenant=${tenant}`),
    'of endpoint': [busy, idle, dead].map((endpoint) => `endpoint=${endpoint}`),
    'of tenant and endpoint': [
      `tenant=${bigTenant}&endpoint=${busy}`,
      `tenant=${bigTenant}&endpoint=${idle}`,
      `tenant=${smallTenant}&endpoint=${busy}`,
    ],
  };
  return [
    ...Object.entries(scopes).flatMap(([scope, filters]) => deliveryLists(scope, [filters].flat(), days)),
    ...[bigTenant, smallTenant].flatMap((tenant) => pages(`events`, `/v1/tenants/${tenant}/events`, 'evt', days)),
    ...['', `tenant=${bigTenant}`, `tenant=${smallTenant}`].flatMap((tenant) =>
      Object.entries(types).flatMap(([typeName, ofType]) =>
        ofType.flatMap((type) =>
          pages(['events of all tenants', typeName].filter(Boolean).join(', '), '/v1/events', 'evt', days, [tenant, type]),
        ),
      ),
    ),
    ...undeliveredPages([bigTenant, smallTenant, deadTenant], [busy, idle, dead]),
    ...fanOuts.map((event) => ({ list: 'deliveries of an event', path: `/v1/deliveries?tenant=${bigTenant}&event=${event}&limit=250` })),
    ...[newest, busy, bigTenant, 'api.example', fanOuts[0], 'never-seen'].map((q) => ({ list: 'search', path: `/v1/search?q=${q}` })),
    ...pages('tenants', '/v1/tenants', 'tnt', days),
    ...[bigTenant, smallTenant].flatMap((tenant) => pages('endpoints', `/v1/tenants/${tenant}/endpoints`, 'ep', days)),
    ...[newest, oldest].flatMap((delivery) => pages('attempts', `/v1/deliveries/${delivery}/attempts`, 'att', days)),
    ...[newest, oldest].map((delivery) => ({ list: 'a delivery', path: `/v1/deliveries/${delivery}` })),
    ...fanOuts.map((event) => ({ list: 'an event with 1,000 deliveries', path: `/v1/tenants/${bigTenant}/events/${event}` })),
    {
      list: 'an event',
      path: `/v1/tenants/${bigTenant}/events/${await one('select external_id from events where tenant_id = (select id from tenants where external_id = $1) limit 1', bigTenant)}`,
    },
  ];
}

/** As the pages of dead letters, of missed events and of an endpoint ask for it. */
function undeliveredPages(tenants: string[], endpoints: string[]): Case[] {
  const scopes = ['', ...tenants.map((tenant) => `tenant=${tenant}`), ...endpoints.map((endpoint) => `endpoint=${endpoint}`)];
  const asked = ['', 'status=dead_lettered', 'status=retrying&status=held', `status=dead_lettered&type=${commonType}`, `type=${rareType}`];
  return scopes.flatMap((scope) =>
    asked.map((filter) => ({ list: 'undelivered, by endpoint', path: `/v1/undelivered?${[scope, filter].filter(Boolean).join('&')}` })),
  );
}

const statuses = {
  '': [''],
  'status=succeeded': ['status=succeeded'],
  'rare status': ['status=dead_lettered', 'status=quarantined', 'status=pending&status=retrying', 'status=held&status=succeeded'],
};
const types = {
  '': [''],
  'common type': [`type=${commonType}`],
  'rare type': [`type=${rareType}`, `type=${foreignType}`, 'type=never.seen'],
};

function deliveryLists(scope: string, filters: string[], days: number): Case[] {
  return filters.flatMap((filter) =>
    Object.entries(statuses).flatMap(([statusName, ofStatus]) =>
      Object.entries(types).flatMap(([typeName, ofType]) =>
        ofStatus.flatMap((status) =>
          ofType.flatMap((type) =>
            pages(['deliveries', scope, statusName, typeName].filter(Boolean).join(', '), '/v1/deliveries', 'dlv', days, [
              filter,
              status,
              type,
            ]),
          ),
        ),
      ),
    ),
  );
}

/** The list's first page, pages from cursors, and pages of time ranges if it supports them. */
function pages(list: string, path: string, prefix: 'dlv' | 'evt' | 'tnt' | 'ep' | 'att', days: number, filters: string[] = []): Case[] {
  const at = (ago: number) => Date.now() - ago * dayMs;
  // what is rare is looked for in all that is left, wherever it begins
  const isRare = list.includes('rare type');
  const cursors = (isRare ? [null, days / 2] : [null, 0.02, days / 2, days - 0.5, days + 1.9]).map((ago) =>
    ago === null ? '' : `cursor=${Buffer.from(makeId(prefix, at(ago), new Uint8Array(10))).toString('base64url')}`,
  );
  const day = (ago: number) => new Date(at(ago)).toISOString();
  const spans = ['dlv', 'evt'].includes(prefix)
    ? [
        '',
        `since=${day(1)}`,
        `until=${day(days * 0.7)}`,
        `since=${day(days * 0.6)}&until=${day(days * 0.6 - 0.05)}`,
        `since=${day(days / 2)}&until=${day(2)}`,
      ]
    : [''];
  const queries = (isRare ? spans.slice(0, 3) : spans).flatMap((span) =>
    (span === '' ? cursors : cursors.slice(0, 1)).map((cursor) => [...filters, span, cursor, 'limit=250']),
  );
  return [...queries, [...filters, 'limit=50']].map((parts) => ({ list, path: `${path}?${parts.filter(Boolean).join('&')}` }));
}
