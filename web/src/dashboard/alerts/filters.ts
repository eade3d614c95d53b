// What the address of the alerts means for the API.
import type { AlertKind, AlertState, ListAlertsQuery } from '@posthorn/client';

export interface AlertFilters {
  /** Default: those that are not closed. */
  show?: 'open' | 'closed' | 'all';
  minSeverity?: 'warning' | 'critical';
  tenant?: string;
  kind?: string;
}

const states: Record<NonNullable<AlertFilters['show']>, AlertState[]> = {
  open: ['open', 'acknowledged'],
  closed: ['closed'],
  all: ['open', 'acknowledged', 'closed'],
};

export function queryOf({ show = 'open', minSeverity, tenant, kind }: AlertFilters): ListAlertsQuery {
  return {
    state: states[show],
    ...(minSeverity && { minSeverity }),
    ...(tenant && { tenant }),
    ...(kind && { kind: kind as AlertKind }),
  };
}
