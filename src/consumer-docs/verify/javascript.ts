// Verification in JavaScript, for Node, Deno and Bun. test/consumer-docs runs it.
export const javascript = String.raw`import { createHmac, timingSafeEqual } from 'node:crypto';

const toleranceSeconds = 300;

/**
 * headers: names in lower case. body: the bytes as they arrived, before any parsing.
 * secrets: the one of your endpoint; during a rotation also the one before. Throws for a request that is not genuine.
 */
export function verify(headers, body, secrets) {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  const signatures = (headers['webhook-signature'] ?? '').split(' ');
  if (!/^[^.]+$/.test(id) || !/^[1-9]\d{0,11}$/.test(timestamp)) throw new Error('missing or malformed headers');
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > toleranceSeconds) throw new Error('too old, or the clock is wrong');
  const isGenuine = secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const right = Buffer.from('v1,' + createHmac('sha256', key).update(id + '.' + timestamp + '.').update(body).digest('base64'));
    return signatures.some((signature) => {
      const offered = Buffer.from(signature);
      return offered.length === right.length && timingSafeEqual(offered, right);
    });
  });
  if (!isGenuine) throw new Error('no signature matches');
  return id; // the same on every retry: drop what you have
}
`;
