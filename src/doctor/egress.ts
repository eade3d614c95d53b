// Checks of requests to endpoints: name servers, egress proxy, published addresses and CA file.
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { createAddressPolicy } from '#outbound/address-policy';
import { createProxy } from '#outbound/proxy';
import { createResolve } from '#outbound/resolve';
import { authoritiesWith } from '#outbound/trust';
import { certificatesIn } from '#sealing/client-certificate';
import type { Context } from './context.ts';
import { type Finding, type Findings, wordsOf } from './finding.ts';
import type { Check } from './run-checks.ts';

/** Any answer shows that the name servers answer. */
const anyName = 'example.com';
/** The proxy's own machine: it refuses at once, but answers. */
const anyAddress = '127.0.0.1';
const anyPort = 9;
const checkProxy = 'Check host, port, user and password in POSTHORN_EGRESS_PROXY.';

export function egressChecks(context: Context): Check[] {
  return [
    { name: 'egress.dns', run: (findings) => dns(findings, context) },
    {
      name: 'egress.proxy',
      run: (findings) => proxy(findings, context),
      late: { message: 'The egress proxy does not answer', advice: checkProxy },
    },
    { name: 'egress.addresses', run: async (findings) => addresses(findings, context) },
    { name: 'egress.caFile', run: (findings) => caFile(findings, context) },
  ];
}

async function dns({ ok, error }: Findings, { limits, nameServers: servers }: Context): Promise<Finding[]> {
  try {
    await createResolve({ ...(servers && { servers }), giveUpAfterMs: limits.withinMs * 0.8 })(anyName);
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'ENOTFOUND')
      return error(
        `The name servers of /etc/resolv.conf do not answer: ${wordsOf(fault)}.`,
        'Check /etc/resolv.conf, and that UDP and TCP port 53 are open. Posthorn resolves the names of endpoints itself, also with a proxy.',
      );
  }
  return ok('The name servers answer.');
}

async function proxy({ ok, error }: Findings, { config }: Context): Promise<Finding[]> {
  const url = config.POSTHORN_EGRESS_PROXY;
  if (url === undefined) return ok('No egress proxy is set; requests to endpoints leave from this machine.');
  const ca = authoritiesWith(await readFile(config.POSTHORN_CA_FILE ?? '', 'utf8').catch(() => undefined));
  const opened = createProxy({ url, secureContext: createSecureContext({ ca, minVersion: 'TLSv1.2' }) });
  const socket = new Socket();
  let isConnecting = false;
  try {
    await opened.open(anyAddress, anyPort, socket, (is) => {
      isConnecting = is;
    });
  } catch (fault) {
    if (isConnecting || isUnusable(fault)) return error(`The egress proxy cannot be used: ${wordsOf(fault)}.`, checkProxy);
  } finally {
    socket.destroy();
  }
  return ok(`The egress proxy ${new URL(url).host} answers.`);
}

/** Any other error is the proxy's answer about the address, which nobody serves; some proxies just close the tunnel. */
function isUnusable(fault: unknown): boolean {
  const { cause } = fault as { cause?: { code?: unknown } };
  return / 407 |Authentication/i.test(wordsOf(fault)) || String(cause?.code).startsWith('HPE_');
}

function addresses({ ok, warning }: Findings, { config }: Context): Finding[] {
  const ips = config.POSTHORN_EGRESS_IPS;
  if (ips.length === 0) return ok('POSTHORN_EGRESS_IPS is not set: GET /v1/meta publishes no source addresses.');
  const policy = createAddressPolicy([]);
  const special = ips.filter((ip) => policy.objection(ip.split('/')[0] ?? '', 'https:') !== null);
  if (special.length > 0)
    return warning(
      `POSTHORN_EGRESS_IPS has addresses that no receiver on the internet sees: ${special.join(', ')}.`,
      'List the public addresses of your NAT or proxy.',
    );
  return ok(
    `GET /v1/meta publishes ${ips.join(', ')}. Only a receiver can tell whether requests come from there: POST an event to one of yours.`,
  );
}

async function caFile({ ok, warning, error }: Findings, { config, now }: Context): Promise<Finding[]> {
  const file = config.POSTHORN_CA_FILE;
  if (file === undefined) return ok('No CA file is set; the public authorities are trusted.');
  try {
    const certificates = certificatesIn(await readFile(file, 'utf8'));
    const expired = certificates.filter(({ validToDate }) => validToDate.getTime() < now());
    if (expired.length === 0) return ok(`POSTHORN_CA_FILE has ${certificates.length} certificates.`);
    return warning(
      `POSTHORN_CA_FILE has expired certificates: ${expired.map(({ subject }) => subject?.replaceAll('\n', ', ')).join('; ')}.`,
      'Replace them in the file, and restart the workers.',
    );
  } catch (fault) {
    return error(
      `POSTHORN_CA_FILE cannot be used: ${wordsOf(fault)}.`,
      'Give the path of a PEM file with certificates only; workers do not start without it.',
    );
  }
}
