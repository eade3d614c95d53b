// Checks that a URL is requested exactly as it is written. URL parsers repair some input
// (`/a/../b`, `"`, `0x7f.1`); such a URL is refused, so that the URL shown is always the URL
// requested. docs/endpoints.md lists which spellings are accepted.
import { isIP } from 'node:net';
import { domainToUnicode } from 'node:url';
import { requestTarget } from '#domain/endpoints/request-target';
import { faultText } from '#domain/faults/fault';

const usualPorts: Record<string, string> = { 'http:': ':80', 'https:': ':443' };

/** Returns the reason to refuse, or null. `text` must have no credentials and no fragment; `url` is `text` parsed. */
export function notExact(text: string, url: URL): string | null {
  const [, host = '', port = '', target = ''] = /^https?:\/\/(\[[^\]/?#]*\]|[^:/?#[]*)(:[^/?#]*)?([/?].*)?$/i.exec(text) ?? [];
  const exact = isSameHost(host, url) && isSamePort(port, url) && isSameTarget(target, url);
  return exact ? null : faultText('url_not_exact', { url: url.href });
}

/** Accepts upper case and internationalized names as the same host. An IP address has one accepted notation. */
function isSameHost(host: string, { hostname }: URL): boolean {
  const lower = host.toLowerCase();
  return lower === hostname || (isIP(hostname) === 0 && lower === domainToUnicode(hostname));
}

function isSamePort(port: string, url: URL): boolean {
  return port === (url.port === '' ? '' : `:${url.port}`) || (url.port === '' && port === usualPorts[url.protocol]);
}

/** Treats a missing path as `/`. */
function isSameTarget(target: string, url: URL): boolean {
  return (target.startsWith('/') ? target : `/${target}`) === requestTarget(url);
}
