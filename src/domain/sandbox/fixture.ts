// Fixtures: signed sample requests of an event type, for the tests of a consumer. The same on every
// call, so that a test may keep them.
import { z } from 'zod';

/** The time at which a test has to check the requests. */
export const fixtureTime = '2026-01-01T00:00:00.000Z';

export const fixture = z.object({
  name: z.string(),
  description: z.string(),
  expected: z.enum(['accept', 'refuse']),
  sameEventAs: z.string().nullable().describe('the fixture whose event this one repeats; null: an event of its own'),
  request: z.object({
    method: z.literal('POST'),
    headers: z.record(z.string(), z.string()),
    body: z.string().describe('the exact bytes of the body, in UTF-8'),
  }),
});
export type Fixture = z.infer<typeof fixture>;

export const fixtures = z.object({
  type: z.string(),
  version: z.int(),
  secret: z.string().describe('the signing secret of all fixtures (v1). It is public: never use it for an endpoint'),
  publicKey: z.string().describe('the public key of the fixtures signed with v1a'),
  now: z.iso.datetime().describe('the time at which the requests have to be checked: set the clock of the test to it'),
  toleranceSeconds: z.int(),
  data: z.array(fixture),
});
export type Fixtures = z.infer<typeof fixtures>;
