// Reads this machine's own name settings: /etc/hosts, and the search list of /etc/resolv.conf,
// which completes short names.
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

export interface Names {
  hosts: Map<string, { address: string; family: number }[]>;
  /** The text of /etc/resolv.conf. If it changes, the name servers may have changed. */
  servers: string;
  /** The names to query in this order, until one exists. */
  candidates(name: string): string[];
}

export async function readNames(hostsFile: string, resolvConf: string): Promise<Names> {
  const [hosts, conf] = await Promise.all([hostsFile, resolvConf].map((file) => readFile(file, 'utf8').catch(() => '')));
  const lines = linesOf(conf ?? '', /[#;].*/);
  const search = lines.findLast(([word]) => word === 'search' || word === 'domain')?.slice(1) ?? [];
  const options = lines.filter(([word]) => word === 'options').flat();
  const ndots = Number(options.findLast((option) => option.startsWith('ndots:'))?.slice(6) ?? 1);
  return {
    hosts: hostsOf(hosts ?? ''),
    servers: conf ?? '',
    // queries a name with a dot as it is first, whatever `ndots` says: most such names are complete, and queried often
    candidates(name) {
      const dots = name.split('.').length - 1;
      const completed = dots < Math.max(1, ndots) ? search.map((domain) => `${name}.${domain}`) : [];
      return dots === 0 ? [...completed, name] : [name, ...completed];
    },
  };
}

function hostsOf(text: string): Names['hosts'] {
  const hosts: Names['hosts'] = new Map();
  for (const [address = '', ...names] of linesOf(text, /#.*/)) {
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), { address, family }]);
    }
  }
  return hosts;
}

/** The words of each line. */
function linesOf(text: string, comment: RegExp): string[][] {
  return text.split('\n').map((line) => line.replace(comment, '').split(/\s+/).filter(Boolean));
}
