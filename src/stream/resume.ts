// What a reader gets that comes back to the live stream: first what it missed, then what changes now.
import type { ChangesQuery } from '#db/store/changes-query';
import type { Change, ChangeSource } from './change.ts';
import { idText } from './event-text.ts';
import { mostAtOnce, resetText } from './feed.ts';
import { positionText } from './position.ts';
import type { StreamReader } from './reader.ts';

const longestUs = 10 * 60 * 1_000_000;
const pageSize = 500;

/** `nowUs`: where the reader joined. Some of the changes may be among those that it gets live, too. */
export async function* missed(sources: ChangeSource[], reader: StreamReader, sinceUs: number, nowUs: number): AsyncGenerator<string> {
  if (nowUs - sinceUs > longestUs) return yield resetText('too_old') + idText(positionText(nowUs));
  let left = mostAtOnce;
  for (const source of sources.filter(({ kind }) => reader.filter.kinds.includes(kind))) {
    for await (const page of pagesOf(source, reader, sinceUs)) {
      left -= page.length;
      if (left < 0) return yield resetText('too_many') + idText(positionText(nowUs));
      // without an id: until all is sent, a reader resumes where it did
      yield page.map(({ text }) => text).join('');
    }
  }
  yield idText(positionText(Math.max(sinceUs, nowUs)));
}

async function* pagesOf(source: ChangeSource, reader: StreamReader, sinceUs: number): AsyncGenerator<Change[]> {
  const { tenantId, endpointId } = reader.filter;
  const tenantIds = tenantId === null ? null : [tenantId];
  let query: ChangesQuery = { sinceUs, afterId: null, tenantIds, endpointId, limit: pageSize };
  while (true) {
    const page = await source.read(query);
    const last = page.at(-1);
    if (!last) return;
    yield page.filter((change) => reader.sees(change));
    if (page.length < pageSize) return;
    query = { ...query, sinceUs: last.atUs, afterId: last.id };
  }
}
