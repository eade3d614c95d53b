// Actors and actions of the audit log in words.
import type { AuditEntry } from '@posthorn/client';

const kinds: Record<AuditEntry['actor']['kind'], string> = {
  bootstrap: 'The bootstrap key',
  api_key: 'API key',
  portal_link: 'Portal link',
  session: 'Session',
  temporal: 'Temporal',
  cli: 'The command line',
  system: 'Posthorn',
};

/** A session is named after who signed in. */
export function actorText({ kind, id, name }: AuditEntry['actor']): string {
  if (kind === 'session' && name !== undefined) return name === 'bootstrap' ? 'Session of the bootstrap key' : name;
  return id === null ? kinds[kind] : `${kinds[kind]} ${id}`;
}

const names = `tenant.create tenant.change tenant.delete endpoint.create endpoint.change endpoint.delete endpoint.pause endpoint.resume
  endpoint.rotate_secret endpoint.end_secret endpoint.verify endpoint.test endpoint.disable endpoint.recover delivery.replay delivery.cancel
  delivery.retry_now delivery.release replay.create replay.pause replay.resume replay.cancel replay.set_pace event.erase event.recall
  signing_key.rotate api_key.create api_key.revoke portal_link.create portal_link.revoke session.create session.revoke alert.acknowledge
  alert_channel.create alert_channel.change alert_channel.delete event_type.create event_type.change event_type.delete event_type.put_version
  catalogue.apply master_key.rotate`.split(/\s+/);

export const actions: [value: string, text: string][] = [['', 'All actions'], ...names.map((name): [string, string] => [name, name])];
