// From a cause to its receivers, with a whole Posthorn: an endpoint fails, is repaired, and is disabled, and each channel gets
// what its protocol asks for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '#receiver';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { quickAlerts } from '../support/quick-timings.ts';
import { type Received, type Receiver, startReceiver } from '../support/receiver.ts';
import { startSmtp, type TestSmtp } from '../support/smtp.ts';
import { until } from '../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let smtp: TestSmtp;
beforeAll(async () => {
  [receiver, smtp] = await Promise.all([startReceiver(), startSmtp()]);
  receiver.answer('/pagerduty', (_request, response) => void response.writeHead(202).end('{"status":"success"}'));
  posthorn = await startPosthorn({
    namespace: 't96',
    env: { POSTHORN_SMTP_URL: smtp.url, POSTHORN_SMTP_FROM: 'Posthorn <alerts@posthorn.test>', POSTHORN_RETRY_SCHEDULE: '300ms,300ms,2m' },
    timings: quickAlerts,
  });
});
afterAll(async () => {
  await posthorn?.stop();
  await Promise.all([receiver?.close(), smtp?.close()]);
});

interface Channels {
  slack: string;
  pagerduty: string;
  secret: string;
  email: string;
}

/** One channel of each kind: Slack and email of the tenant, webhook and PagerDuty of the operator for this tenant's kinds. */
async function channels(tenant: string): Promise<Channels> {
  const make = async (body: object) => (await posthorn.post('/v1/alert-channels', body)).body;
  const email = `${tenant}@example.com`;
  await make({ tenant, kind: 'slack', settings: { url: `${receiver.url}/slack/${tenant}` } });
  await make({ tenant, kind: 'email', settings: { to: [email] } });
  await make({ tenant, kind: 'pagerduty', settings: { routingKey: tenant.padEnd(32, 'x'), url: `${receiver.url}/pagerduty` } });
  const webhook = await make({ tenant, kind: 'webhook', settings: { url: `${receiver.url}/webhook/${tenant}` } });
  return { slack: `/slack/${tenant}`, pagerduty: tenant.padEnd(32, 'x'), secret: webhook.settings.secret, email };
}

const bodyOf = ({ body }: Received) => JSON.parse(String(body));
const at = (path: string) => receiver.requests.filter((request) => request.path === path);
const pages = (routingKey: string) =>
  at('/pagerduty')
    .map(bodyOf)
    .filter((event) => event.routing_key === routingKey);
const open = async (tenant: string, kind: string, state = 'open') => {
  const [alert] = (await posthorn.get(`/v1/alerts?tenant=${tenant}&kind=${kind}&state=${state}`)).body.data;
  return alert;
};

describe('an endpoint that fails and is repaired', () => {
  const tenant = 'repaired';
  let to: Channels;
  let endpoint: string;
  beforeAll(async () => {
    await posthorn.makeTenant(tenant);
    to = await channels(tenant);
    receiver.answer('/hook', [500]);
    endpoint = (await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`)).id;
    await posthorn.postEvent(tenant);
    await until('the alert', () => open(tenant, 'endpoint.failing'));
  });

  it('is told to Slack in its JSON', async () => {
    const request = await until('the message', () => at(to.slack)[0]);
    expect(request.headers['content-type']).toBe('application/json');
    const { text, blocks } = bodyOf(request);
    expect(text).toMatch(/^Alert \(warning\): 127\.0\.0\.1:\d+ accepts nothing$/);
    expect(blocks).toEqual([
      { type: 'section', text: { type: 'mrkdwn', verbatim: true, text: expect.stringContaining('accepts nothing') } },
      { type: 'context', elements: [{ type: 'mrkdwn', verbatim: true, text: expect.stringContaining(endpoint) }] },
    ]);
  });

  it('is told to PagerDuty as a trigger with the alert as its key', async () => {
    const event = await until('the event', () => pages(to.pagerduty)[0]);
    const alert = await open(tenant, 'endpoint.failing');
    expect(event).toEqual({
      routing_key: to.pagerduty,
      event_action: 'trigger',
      dedup_key: alert.id,
      payload: {
        summary: alert.title,
        source: endpoint,
        severity: 'warning',
        timestamp: alert.openedAt,
        component: endpoint,
        group: tenant,
        class: 'endpoint.failing',
        custom_details: expect.objectContaining({ tenant, endpoint }),
      },
      client: 'Posthorn',
    });
  });

  it('is told by email in text and HTML', async () => {
    const mail = await until('the mail', () => smtp.mails.find((one) => one.to.includes(to.email)));
    expect(mail.from).toBe('alerts@posthorn.test');
    expect(mail.text).toMatch(/Subject: \[Posthorn\] Alert \(warning\): 127\.0\.0\.1:\d+ accepts nothing/);
    expect(mail.text).toContain('Content-Type: text/plain');
    expect(mail.text).toMatch(/<table><tr><th align="left">Kind<\/th><td>endpoint\.failing<\/td>/);
    expect(mail.raw).toMatch(/Message-ID: <alr_\w+\.opened\.warning@posthorn>/);
  });

  it('is told as a signed webhook, through an endpoint that tenants do not see', async () => {
    const request = await until('the webhook', () => at(`/webhook/${tenant}`)[0]);
    const { type, data } = bodyOf(request);
    expect([type, data]).toMatchObject(['alert.opened', { kind: 'endpoint.failing', tenant, endpoint, state: 'open' }]);
    expect(verify(request.body, request.headers, to.secret)).toMatchObject({
      id: expect.stringMatching(/^ntf_/),
      test: false,
    });
    const keys = (await posthorn.get('/v1/tenants?limit=250')).body.data.map(({ id }: { id: string }) => id);
    expect(keys).toContain(tenant);
    expect(keys).not.toContain('_posthorn');
    expect((await posthorn.call('DELETE', '/v1/tenants/_posthorn')).status).toBe(404);
  });

  it('is acknowledged at PagerDuty, and resolved everywhere when it accepts again, once', async () => {
    const { id } = await open(tenant, 'endpoint.failing');
    await posthorn.post(`/v1/alerts/${id}/acknowledge`);
    await until('the acknowledgement', () => pages(to.pagerduty).find((event) => event.event_action === 'acknowledge'));
    receiver.answer('/hook', [204]);
    await posthorn.postEvent(tenant);
    await until('the end', () => pages(to.pagerduty).find((event) => event.event_action === 'resolve' && event.dedup_key === id));
    await until('the message', () => at(to.slack).find((request) => bodyOf(request).text.startsWith('Closed')));
    await until('the webhook', () => at(`/webhook/${tenant}`).find((request) => bodyOf(request).type === 'alert.closed'));
    await until('the mail', () => smtp.mails.find((one) => one.to.includes(to.email) && one.text.includes('Subject: [Posthorn] Closed')));
    expect((await posthorn.get(`/v1/alerts/${id}`)).body).toMatchObject({ state: 'closed', closedAt: expect.any(String) });
    expect(await open(tenant, 'endpoint.recovered')).toMatchObject({ severity: 'info', endpoint });
    // one message when it opened and one when it closed, however often it was checked in between
    expect(at(to.slack).map((request) => bodyOf(request).text.split(' ')[0])).toEqual(['Alert', 'Closed']);
    const ofIt = pages(to.pagerduty).filter(({ dedup_key: key }) => key === id);
    expect(ofIt.map(({ event_action: action }) => action)).toEqual(['trigger', 'acknowledge', 'resolve']);
  });
});

describe('a channel', () => {
  const shown = async (id: string) => (await posthorn.get(`/v1/alert-channels/${id}`)).body;
  const due = (text: string) => posthorn.database.db.query(text);

  it('whose server refuses shows the error, is tried again, and shows that it was sent', async () => {
    await posthorn.makeTenant('refused');
    smtp.refuse((address) => address === 'full@example.com');
    const email = { tenant: 'refused', kind: 'email', settings: { to: ['full@example.com'] } };
    const { id } = (await posthorn.post('/v1/alert-channels', email)).body;
    receiver.answer('/refused', [410]);
    await posthorn.makeEndpoint('refused', `${receiver.url}/refused`);
    await posthorn.postEvent('refused');
    const refused = await until('the error', async () => ((await shown(id)).lastError ? shown(id) : null));
    expect(refused).toMatchObject({
      lastError: expect.stringMatching(/^the SMTP server refused: 550 .*full@example.com/),
      lastSentAt: null,
    });
    smtp.refuse(() => false);
    await due(
      "update alert_notifications set due_at = now() where sent_at is null and attempts > 0 and due_at < now() + interval '10 seconds'",
    );
    await until('the mail', () => smtp.mails.find(({ to }) => to.includes('full@example.com')));
    await until('the error to be gone', async () => (await shown(id)).lastError === null);
    expect(await shown(id)).toMatchObject({ lastSentAt: expect.any(String) });
  });

  it('with a digest gets one list a day, and with `only` nothing else', async () => {
    const slack = {
      tenant: 'refused',
      kind: 'slack',
      settings: { url: `${receiver.url}/slack/digest` },
      digest: { at: '08:00', only: true },
    };
    const { id } = (await posthorn.post('/v1/alert-channels', slack)).body;
    await due('update alert_channels set digest_due_at = now() where digest_at is not null');
    const request = await until('the digest', () => at('/slack/digest')[0]);
    expect(bodyOf(request)).toMatchObject({ text: expect.stringMatching(/^Digest: [1-9]\d* open, \d+ closed$/) });
    expect(JSON.stringify(bodyOf(request).blocks)).toContain('is disabled');
    await posthorn.call('PATCH', `/v1/alert-channels/${id}`, { digest: null });
    expect(at('/slack/digest')).toHaveLength(1);
  });

  it('of a deleted tenant is deleted', async () => {
    expect((await posthorn.call('DELETE', '/v1/tenants/refused')).status).toBe(204);
    await until('its channels to be gone', async () => {
      const { data } = (await posthorn.get('/v1/alert-channels?limit=250')).body;
      return data.every(({ tenant }: { tenant: string }) => tenant !== 'refused');
    });
  });
});

describe('a webhook channel whose receiver fails', () => {
  it('is told by other channels, and never by a webhook', async () => {
    receiver.answer('/broken', [500]);
    const channel = (await posthorn.post('/v1/alert-channels', { kind: 'webhook', settings: { url: `${receiver.url}/broken` } })).body.id;
    await posthorn.post('/v1/alert-channels', { kind: 'webhook', settings: { url: `${receiver.url}/fine` } });
    await posthorn.post('/v1/alert-channels', { kind: 'slack', settings: { url: `${receiver.url}/slack/operator` } });
    const refused = await posthorn.post(`/v1/alert-channels/${channel}/test`);
    expect([refused.status, refused.body.errors]).toEqual([422, [{ path: 'settings.url', message: expect.stringContaining('HTTP 500') }]]);
    // an alert of a tenant, which both webhook channels of the operator get
    await posthorn.makeTenant('gone');
    receiver.answer('/gone', [410]);
    const { id } = await posthorn.makeEndpoint('gone', `${receiver.url}/gone`);
    await posthorn.postEvent('gone');
    await until('the alert of the channel’s endpoint', () => open('_posthorn', 'endpoint.failing'));
    await until('the channel to show it', async () => {
      const { lastError } = (await posthorn.get(`/v1/alert-channels/${channel}`)).body;
      return lastError?.startsWith('the receiver has accepted nothing since 2');
    });
    const texts = () => at('/slack/operator').map((request) => JSON.stringify(bodyOf(request)));
    await until('the message', () => texts().find((text) => text.includes('_posthorn')));
    await until('the message', () => texts().find((text) => text.includes(id)));
    await until('the webhook', () => at('/fine').find((request) => bodyOf(request).data.endpoint === id));
    for (const request of [...at('/fine'), ...at('/broken')]) expect(bodyOf(request).data.tenant).not.toBe('_posthorn');
  });

  it('is deleted with its endpoint', async () => {
    const { data } = (await posthorn.get('/v1/alert-channels?limit=250')).body;
    for (const { id, kind, tenant } of data) {
      if (kind === 'webhook' && tenant === null) expect((await posthorn.call('DELETE', `/v1/alert-channels/${id}`)).status).toBe(204);
    }
    await until('one endpoint to be left', async () => {
      const { data: left } = (await posthorn.get('/v1/tenants/_posthorn/endpoints')).body;
      return left.length === 1;
    });
  });
});
