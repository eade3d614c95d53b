// Where this server verifies endpoints, it sends a challenge before anything else. The command answers it itself.
import type { ListenAnswer, ListenedRequest } from '#domain/endpoints/listen';

/** Null: the request is no challenge. A delivery is none, whatever its body is. */
export function echoed({ body, headers }: ListenedRequest, target: string): ListenAnswer | null {
  if (headers.some(([name]) => name.toLowerCase() === 'posthorn-delivery')) return null;
  const text = Buffer.from(body, 'base64').toString();
  if (!text.startsWith('{"type":"posthorn.verification"')) return null;
  const { data } = JSON.parse(text) as { data: object };
  const echo = Buffer.from(JSON.stringify(data)).toString('base64');
  return { target, status: 200, headers: [['content-type', 'application/json']], body: echo, totalMs: 0 };
}
