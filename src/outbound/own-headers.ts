// Builds the headers of a request: those of the caller and of the sender. Refuses headers that
// belong to the connection.
import { connectionHeader } from '#domain/endpoints/connection-header';
import { withSenderHeaders } from '#domain/endpoints/request-headers';
import { LocalFault } from './local-fault.ts';

/** Throws LocalFault (`header_not_ours_to_send`). */
export function ownHeaders(given: Record<string, string>, userAgent: string): Record<string, string> {
  const foreign = Object.keys(given).find((name) => connectionHeader.test(name));
  if (foreign !== undefined) throw new LocalFault('header_not_ours_to_send', `the header ${foreign} belongs to the connection; remove it`);
  return withSenderHeaders(given, userAgent);
}
