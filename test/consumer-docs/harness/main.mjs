import { readFileSync } from 'node:fs';
import { verify } from './webhook.mjs';

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const [id, timestamp, signature, secrets, body] = line.split('\t');
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  let answer = '-';
  try {
    answer = verify(headers, Buffer.from(body, 'base64'), secrets.split(' '));
  } catch {
    // refused
  }
  process.stdout.write(`${answer}\n`);
}
