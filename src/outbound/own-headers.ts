// Builds the headers of a request: those of the caller, `user-agent`, and `accept-encoding:
// identity` unless the caller sets it. Refuses headers that belong to the connection.
import { connectionHeader } from '#domain/connection-header';
import { LocalFault } from './local-fault.ts';

/** Throws LocalFault (`header_not_ours_to_send`). */
export function ownHeaders(given: Record<string, string>, userAgent: string): Record<string, string> {
  const foreign = Object.keys(given).find((name) => connectionHeader.test(name));
  if (foreign !== undefined) throw new LocalFault('header_not_ours_to_send', `the header ${foreign} belongs to the connection; remove it`);
  const asksEncoding = Object.keys(given).some((name) => name.toLowerCase() === 'accept-encoding');
  return { ...given, ...(!asksEncoding && { 'accept-encoding': 'identity' }), 'user-agent': userAgent };
}
