-- The W3C trace context under which an event was posted. Retries happen days later and in other processes, so it is kept
-- with the event.

-- `traceparent`, then a space and `tracestate` if there is one; null: neither given nor sampled. Erased with the event.
alter table events add column trace_context text;

do $$
begin
  execute format('grant update (trace_context) on events to %I', tenant_role());
end $$;
