// A certificate authority for tests, and the certificates that it signs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Certificate {
  key: string;
  cert: string;
}

export interface Authority {
  ca: string;
  /** Signs a certificate that is valid for two days. `names`: in the syntax of subjectAltName. */
  sign(subject: string, names?: string): Certificate;
}

export function createAuthority(): Authority {
  const own = certify(['-days', '3', '-subj', '/CN=Test authority']);
  return {
    ca: own.cert,
    sign: (subject, names = 'DNS:client.example') =>
      certify(['-days', '2', '-subj', `/CN=${subject}`, '-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=CA:FALSE'], own),
  };
}

/** Creates a certificate, signed by `by` or self-signed. */
function certify(args: string[], by?: Certificate): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  const file = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    if (by) {
      writeFileSync(file('ca.pem'), by.cert);
      writeFileSync(file('ca.key'), by.key);
    }
    const signer = by ? ['-CA', file('ca.pem'), '-CAkey', file('ca.key')] : [];
    const out = ['-keyout', file('key.pem'), '-out', file('cert.pem')];
    execFileSync('openssl', ['req', '-x509', ...key, ...signer, ...args, ...out], { stdio: 'ignore' });
    return { key: readFileSync(file('key.pem'), 'utf8'), cert: readFileSync(file('cert.pem'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
