// The poster while traces are on: each attempt is a span, which the endpoint gets as `traceparent`.
import type { Tracing } from '#tracing/tracing';
import type { Poster } from './poster.ts';

export function tracePoster(poster: Poster, tracing: Pick<Tracing, 'attempt'>): Poster {
  return {
    ...poster,
    async post(job) {
      const span = tracing.attempt({ ...job, number: job.attempts + 1 });
      try {
        const record = await poster.post({ ...job, trace: span.context });
        span.ended(record.result);
        return record;
      } catch (error) {
        span.failed(error);
        throw error;
      }
    },
  };
}
