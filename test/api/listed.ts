// Reads a whole list through its cursors, two items at a time.
import { expect } from 'vitest';
import type { Api } from '../support/api.ts';

/** The ids, in the order of the list. */
export async function listed(api: Pick<Api, 'get'>, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body } = await api.get(`${path}${path.includes('?') ? '&' : '?'}limit=2${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    expect(body.data.length).toBeLessThanOrEqual(2);
    ids.push(...body.data.map((item: { id: string }) => item.id));
    cursor = body.nextCursor;
  }
  return ids;
}
