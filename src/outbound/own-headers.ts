// The headers of a request as they are written: those of the caller and our name, none that belong to the connection.
import { connectionHeader } from '../domain/connection-header.ts';
import { LocalFault } from './local-fault.ts';

/** Throws LocalFault (`header_not_ours_to_send`). */
export function ownHeaders(given: Record<string, string>, userAgent: string): Record<string, string> {
  const foreign = Object.keys(given).find((name) => connectionHeader.test(name));
  if (foreign !== undefined) throw new LocalFault('header_not_ours_to_send', `the header ${foreign} belongs to the connection`);
  return { ...given, 'user-agent': userAgent };
}
