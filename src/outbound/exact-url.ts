// Whether a URL is requested as it is written. A URL parser repairs what it reads (`/a/../b`, `"`, `0x7f.1`); what it would repair is refused, so that nobody is
// shown one URL while another one is requested. docs/endpoints.md lists what counts as the same.
import { isIP } from 'node:net';
import { domainToUnicode } from 'node:url';
import { requestTarget } from '#domain/request-target';

const usualPorts: Record<string, string> = { 'http:': ':80', 'https:': ':443' };

/** `text` is without credentials and fragment; `url` is what was read of it. Null: it is requested as it is written. */
export function notExact(text: string, url: URL): string | null {
  const [, host = '', port = '', target = ''] = /^https?:\/\/(\[[^\]/?#]*\]|[^:/?#[]*)(:[^/?#]*)?([/?].*)?$/i.exec(text) ?? [];
  const exact = isSameHost(host, url) && isSamePort(port, url) && isSameTarget(target, url);
  return exact ? null : `would be requested as ${url.href}: write it so`;
}

/** Upper case and names in other scripts mean the same host; an address has one notation only. */
function isSameHost(host: string, { hostname }: URL): boolean {
  const lower = host.toLowerCase();
  return lower === hostname || (isIP(hostname) === 0 && lower === domainToUnicode(hostname));
}

function isSamePort(port: string, url: URL): boolean {
  return port === (url.port === '' ? '' : `:${url.port}`) || (url.port === '' && port === usualPorts[url.protocol]);
}

/** No path at all is the path `/`: every request has one. */
function isSameTarget(target: string, url: URL): boolean {
  return (target.startsWith('/') ? target : `/${target}`) === requestTarget(url);
}
