// The row of `endpoints`, with the columns that all its readers select.

import type { RetryPolicy } from '#domain/deliveries/retry-schedule';
import type { Endpoint } from '#domain/endpoints/endpoint';
import type { Signing } from '#domain/endpoints/signing';
import type { VerificationMethod, VerificationState } from '#domain/endpoints/verification';
import type { BodyFormat } from '#domain/events/body-format';
import { idOf } from '#domain/ids';
import type { Batch, OnDeadLetter, Ordering, RateLimit } from '#domain/lanes/lane-settings';

/** A stored endpoint. Its URL, headers, credentials and shape are encrypted. */
export interface StoredEndpoint extends Omit<Endpoint, 'etag' | 'url' | 'headers' | 'auth' | 'tls' | 'filter' | 'transform' | 'versions'> {
  sealed: Buffer;
  /** JSON; null: none. */
  filter: string | null;
  /** How the bodies of its deliveries are changed; null: not at all. */
  shape: { id: string; sealed: Buffer; isWhole: boolean } | null;
}

export interface EndpointRow {
  id: string;
  tenant: string;
  sealed: Buffer;
  shape_id: string | null;
  shape: Buffer | null;
  is_whole: boolean | null;
  event_types: string[];
  channels: string[];
  filter: string | null;
  description: string;
  format: BodyFormat;
  signing: Signing | null;
  public_keys: string[] | null;
  max_in_flight: number | null;
  retry: RetryPolicy | null;
  timeout_ms: number;
  metadata: Record<string, string>;
  rate_limit: RateLimit | null;
  ordering: Ordering;
  on_dead_letter: OnDeadLetter;
  batch: Batch | null;
  coalesce_ms: number | null;
  auto_recover: boolean;
  gate: Endpoint['gate'];
  gate_reason: string | null;
  not_before: Date | null;
  verification: VerificationMethod;
  verification_state: VerificationState;
  verified_at: Date | null;
  verification_error: string | null;
  created_at: Date;
  updated_at: Date;
}

export const endpointColumns = `p.id, t.external_id as tenant, p.sealed, p.event_types, p.channels, p.filter, p.description, p.format, p.signing, public_keys_of(p) as public_keys, p.max_in_flight, p.retry,
  p.timeout_ms, p.metadata, p.rate_limit, p.ordering, p.on_dead_letter, p.batch, p.coalesce_ms, p.auto_recover, p.gate, p.gate_reason, p.not_before,
  p.verification, p.verification_state, p.verified_at, p.verification_error, p.created_at, p.updated_at,
  p.shape_id, (select s.sealed from shapes s where s.id = p.shape_id) as shape, (select s.is_whole from shapes s where s.id = p.shape_id) as is_whole`;

export function toEndpoint(row: EndpointRow): StoredEndpoint {
  return {
    id: idOf('ep', row.id),
    tenant: row.tenant,
    sealed: row.sealed,
    shape: row.shape_id && row.shape ? { id: row.shape_id, sealed: row.shape, isWhole: row.is_whole ?? false } : null,
    eventTypes: row.event_types,
    channels: row.channels,
    filter: row.filter,
    description: row.description,
    format: row.format,
    signing: row.signing,
    publicKeys: row.public_keys,
    maxInFlight: row.max_in_flight,
    retry: row.retry,
    timeoutMs: row.timeout_ms,
    metadata: row.metadata,
    rateLimit: row.rate_limit,
    ordering: row.ordering,
    onDeadLetter: row.on_dead_letter,
    batch: row.batch,
    coalesceMs: row.coalesce_ms,
    autoRecover: row.auto_recover,
    gate: row.gate,
    gateReason: row.gate_reason,
    notBefore: row.not_before?.toISOString() ?? null,
    verification: {
      method: row.verification,
      state: row.verification_state,
      verifiedAt: row.verified_at?.toISOString() ?? null,
      lastError: row.verification_error,
    },
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
