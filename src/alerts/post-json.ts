// Posts JSON to a chat or an incident service, through the sender of webhooks and its address guard.
import { ChannelRefused } from '#domain/alerts/channel-refused';
import { LocalFault } from '#outbound/local-fault';
import type { Sender } from '#outbound/send';
import { oneLine } from './message.ts';

const withinMs = 10_000;
const longestAnswer = 200;

/** Resolves to what the other side answered. Throws ChannelRefused unless it accepts. `field`: the setting that has the URL. */
export async function postJson(sender: Pick<Sender, 'send'>, url: string, content: object, field: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const sent = sender.send({ url, headers, body: Buffer.from(JSON.stringify(content)), timeoutMs: withinMs });
  const { outcome, message, response } = await sent.catch((error: unknown) => {
    throw new ChannelRefused(field, error instanceof LocalFault ? error.message : 'the request could not be made', { cause: error });
  });
  const body = oneLine(Buffer.from(response?.bodyStart ?? []).toString()).slice(0, longestAnswer);
  const answer = body === '' ? message : `${message}: ${body}`;
  if (outcome !== 'accepted') throw new ChannelRefused(field, answer);
  return answer;
}
