// Reads one replay job.
import { queryOptions } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';

export const jobQuery = (id: string) =>
  queryOptions({ queryKey: ['replays', 'one', id], queryFn: ({ signal }) => posthorn.replays.get(id, { signal }) });
