// Checks of the configuration: values that cannot be read, names that do not exist, and settings that are unsafe together.
import type { CheckedConfig } from '#config/check-config';
import type { Config } from '#config/config';
import type { Finding, Findings } from './finding.ts';
import type { Check } from './run-checks.ts';

const reference = 'See docs/configuration.md.';

export function settingsChecks({ config, faults, unknown }: CheckedConfig): Check[] {
  return [
    { name: 'settings.values', run: async (findings) => values(findings, faults) },
    { name: 'settings.names', run: async (findings) => names(findings, unknown) },
    { name: 'settings.publicUrl', run: async (findings) => publicUrl(findings, config) },
    { name: 'settings.ranges', run: async (findings) => ranges(findings, config) },
  ];
}

function values({ ok, error }: Findings, faults: string[]): Finding[] {
  if (faults.length === 0) return ok('All settings have valid values.');
  return faults.flatMap((fault) => error(fault, `Correct it; no process starts with it. ${reference}`));
}

function names({ ok, warning }: Findings, unknown: string[]): Finding[] {
  if (unknown.length === 0) return ok('All settings are known to this version.');
  return unknown.flatMap((name) =>
    warning(`${name} is not a setting of this version, and is ignored.`, `Correct its name or remove it. ${reference}`),
  );
}

function publicUrl({ ok, warning }: Findings, config: Config): Finding[] {
  const { POSTHORN_PUBLIC_URL: url, HOST: host, PORT: port, DATABASE_URL: database } = config;
  if (url !== undefined) return ok(`Links begin with ${new URL(url).origin}.`);
  const origin = `http://${host}:${port}`;
  if (database === undefined || host === '127.0.0.1' || host === 'localhost') return ok(`Links begin with ${origin}.`);
  return warning(
    `POSTHORN_PUBLIC_URL is not set, so that links in answers and portal links begin with ${origin}.`,
    'Set it, for API and workers, to the address that your TLS proxy serves.',
  );
}

function ranges({ ok, warning }: Findings, config: Config): Finding[] {
  const isAll = (cidr: string) => cidr.endsWith('/0');
  const found = [
    ...(config.POSTHORN_ALLOW_CIDRS.some(isAll)
      ? warning(
          'POSTHORN_ALLOW_CIDRS allows every address: a tenant can make Posthorn call your internal services.',
          'List only the ranges in which receivers are.',
        )
      : []),
    ...(config.POSTHORN_TRUST_PROXY.some(isAll)
      ? warning(
          'POSTHORN_TRUST_PROXY trusts every address: a caller can forge its address with X-Forwarded-For.',
          'List only the addresses of your proxies.',
        )
      : []),
  ];
  return found.length > 0 ? found : ok('No address range is open to all.');
}
