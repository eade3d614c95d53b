// The row of an alert channel, and the channel that is made of it.
import type { Severity } from '#domain/alerts/alert';
import type { ChannelKind } from '#domain/alerts/channel-settings';
import { idOf } from '#domain/ids';

export interface StoredChannel {
  id: string;
  /** `tnt_…`; null: the operator's. */
  tenantId: string | null;
  /** The producer's id. */
  tenant: string | null;
  kind: ChannelKind;
  sealed: Uint8Array;
  settingsVersion: number;
  kinds: string[] | null;
  minSeverity: Severity;
  quietMs: number;
  digestAt: string | null;
  digestOnly: boolean;
  lastSentAt: Date | null;
  lastError: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface ChannelRow {
  id: string;
  tenant_id: string | null;
  tenant: string | null;
  kind: ChannelKind;
  sealed: Buffer;
  settings_version: number;
  kinds: string[] | null;
  min_severity: Severity;
  quiet_ms: number;
  digest_at: string | null;
  digest_only: boolean;
  last_sent_at: Date | null;
  last_error: string | null;
  created_at: Date;
  updated_at: Date;
}

export const channelColumns = `
  c.id, c.tenant_id, t.external_id as tenant, c.kind, c.sealed, c.settings_version, c.kinds, c.min_severity, c.quiet_ms, c.digest_at,
  c.digest_only, c.last_sent_at, c.last_error, c.created_at, c.updated_at`;
export function toChannel(row: ChannelRow): StoredChannel {
  return {
    id: idOf('ach', row.id),
    tenantId: row.tenant_id && idOf('tnt', row.tenant_id),
    tenant: row.tenant,
    kind: row.kind,
    sealed: row.sealed,
    settingsVersion: row.settings_version,
    kinds: row.kinds,
    minSeverity: row.min_severity,
    quietMs: row.quiet_ms,
    digestAt: row.digest_at,
    digestOnly: row.digest_only,
    lastSentAt: row.last_sent_at,
    lastError: row.last_error,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
