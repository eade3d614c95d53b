// The counters that the catalogue of event types reports to. No label names an event type.
import { Counter, type Registry } from '@prometheus-io/client';
import { findingKinds } from '#domain/catalogue/known-event';
import { bound } from './bound-counter.ts';

type FindingKind = (typeof findingKinds)[number];

export interface CatalogueMetrics {
  /** Reports an event whose data was validated against a schema, whatever the result. */
  validated(): void;
  /** Reports an event that breaks a rule of the catalogue; once for each kind of rule. */
  found(kind: FindingKind, result: 'warned' | 'refused'): void;
}

export function catalogueMetrics(registry: Registry): CatalogueMetrics {
  const validated = new Counter({
    name: 'posthorn_events_validated_total',
    help: 'Events whose data was validated against the schema of their type.',
    registers: [registry],
  });
  const warned = bound(
    registry,
    'posthorn_catalogue_warnings_total',
    'Events that were accepted with a warning of the catalogue, by reason.',
    'reason',
    findingKinds,
  );
  const refused = bound(
    registry,
    'posthorn_catalogue_refusals_total',
    'Events that the catalogue refused, by reason.',
    'reason',
    findingKinds,
  );
  return {
    validated: () => validated.inc(),
    found: (kind, result) => (result === 'warned' ? warned : refused)[kind].inc(),
  };
}
