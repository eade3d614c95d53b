// A consumer that is often offline: at each start it fetches the events that its endpoint missed, and writes each order once.
// What if it stops halfway? Nothing is acknowledged before it is written, and what is written is not written again.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Posthorn } from '@posthorn/client';

const { POSTHORN_URL = '', POSTHORN_API_KEY = '', POSTHORN_ENDPOINT = '', ORDERS_FILE = 'orders.ndjson', POLL_SECONDS } = process.env;

const posthorn = new Posthorn({ url: POSTHORN_URL, apiKey: POSTHORN_API_KEY });

const lines = existsSync(ORDERS_FILE) ? readFileSync(ORDERS_FILE, 'utf8').split('\n') : [''];
// after a crash the last line may be half a line: its event was not acknowledged, so it comes again
if (lines.at(-1) !== '') appendFileSync(ORDERS_FILE, '\n');
const seen = new Set(lines.slice(0, -1).flatMap(eventIn));

function eventIn(line) {
  try {
    return [JSON.parse(line).event];
  } catch {
    return [];
  }
}

function write({ event, eventType, body }) {
  // an event comes again if the last run ended before its acknowledgement
  if (seen.has(event) || body === null) return;
  if (eventType === 'order.created') appendFileSync(ORDERS_FILE, `${JSON.stringify({ event, ...body.data })}\n`, { flush: true });
  seen.add(event);
}

// without POLL_SECONDS it ends when everything is fetched, as a job of cron does
const options = POLL_SECONDS === undefined ? {} : { pollMs: Number(POLL_SECONDS) * 1_000 };
const count = await posthorn.missed.consume(POSTHORN_ENDPOINT, write, { limit: 100, ...options });
process.stdout.write(`${count} events fetched, ${seen.size} known\n`);
