// The body that a transform makes of the example of a type, as the API makes it.
import type { EventType, ShapedBody } from '@posthorn/client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { posthorn } from '../../../../api/client.ts';
import { Code } from '../../../../parts/Json.tsx';
import { Problem } from '../../../../parts/States.tsx';
import { useSettled } from '../../../../parts/use-settled.ts';

/** `text`: the JSON of the transform, with all digits of its numbers. */
export function BodyPreview({ text, type }: { text: string; type: EventType | undefined }) {
  const settled = useSettled(text);
  const event = JSON.stringify({ type: type?.name ?? 'order.created', data: type?.examples[0] ?? {} });
  const { data, error } = useQuery({
    queryKey: ['preview', settled, event],
    queryFn: ({ signal }) =>
      posthorn.request<ShapedBody>('POST', '/v1/transforms/test', { text: `{"transform":${settled},"event":${event}}` }, { signal }),
    enabled: isJson(settled),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  return (
    <section className="message-preview" aria-label="Preview">
      <h3>Preview{type && ` with the example of ${type.name}`}</h3>
      {error ? <Problem error={error} /> : data && <Code text={JSON.stringify(data.body, null, 2)} label="Body" />}
    </section>
  );
}

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== null;
  } catch {
    return false;
  }
}
