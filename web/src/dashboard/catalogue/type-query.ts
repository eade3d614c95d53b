// Reads one event type.
import { queryOptions } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';

export const typeQuery = (name: string) =>
  queryOptions({ queryKey: ['event-types', 'one', name], queryFn: ({ signal }) => posthorn.eventTypes.get(name, { signal }) });
