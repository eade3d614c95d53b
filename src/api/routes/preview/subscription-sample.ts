// Which of the latest events of a tenant an endpoint wants, before and after a change of its subscription.
import { readTenant } from '#db/access/tenants';
import { type LatestEvent, latestEvents } from '#db/events/latest-events';
import { contentsAtOnce, readContents } from '#db/events/read-content';
import { asksForContent, type Content, judge, type Subscription } from '#domain/events/subscription';
import type { ApiDeps } from '../deps.ts';

export interface Sample {
  events: number;
  since: string | null;
  before: number;
  after: number;
}

/** How many events are looked at, and how many if their content is read. */
export const mostSampled = { plain: 500, read: 3 * contentsAtOnce };

export async function sampleOf({ db, contents }: ApiDeps, tenantKey: string, before: Subscription, after: Subscription): Promise<Sample> {
  const tenant = await readTenant(db, tenantKey);
  const reads = before.filter !== null || after.filter !== null;
  const events = tenant ? await latestEvents(db, tenant.id, reads ? mostSampled.read : mostSampled.plain) : [];
  const sample = { events: events.length, since: events.at(-1)?.acceptedAt.toISOString() ?? null, before: 0, after: 0 };
  for (let from = 0; from < events.length; from += contentsAtOnce) {
    const page = events.slice(from, from + contentsAtOnce);
    const asking = page.filter((event) => asksForContent(before, event) || asksForContent(after, event));
    const read = await readContents(
      db,
      contents,
      asking.map(({ eventId }) => eventId),
    );
    const wants = (subscription: Subscription, event: LatestEvent) =>
      judge(subscription, { ...event, content: contentOf(read, event) }) === 'wanted';
    sample.before += page.filter((event) => wants(before, event)).length;
    sample.after += page.filter((event) => wants(after, event)).length;
  }
  return sample;
}

/** An event that was deleted a moment ago has no content any more. */
function contentOf(read: ReadonlyMap<string, Content>, { eventId }: LatestEvent): Content {
  return read.get(eventId) ?? 'erased';
}
