// A certificate authority of a test's own, and what it signs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  key: string;
  cert: string;
}

export interface Authority {
  ca: string;
  /** `names` as subjectAltName takes them. */
  sign(subject: string, names?: string, days?: number): Certificate;
}

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  const make = (name: string, args: string[]): Certificate => {
    execFileSync('openssl', ['req', '-x509', ...key, ...args, '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)], {
      stdio: 'ignore',
    });
    return { key: readFileSync(file(`${name}.key`), 'utf8'), cert: readFileSync(file(`${name}.pem`), 'utf8') };
  };
  const { cert: ca } = make('ca', ['-days', '3', '-subj', '/CN=Test authority']);
  let count = 0;
  return {
    ca,
    sign(subject, names = 'DNS:client.example', days = 2) {
      const by = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
      const args = [
        '-days',
        String(days),
        '-subj',
        `/CN=${subject}`,
        '-addext',
        `subjectAltName=${names}`,
        '-addext',
        'basicConstraints=CA:FALSE',
      ];
      return make(`signed-${++count}`, [...by, ...args]);
    },
  };
}
