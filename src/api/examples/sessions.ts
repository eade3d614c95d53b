// Examples of sessions and sign-ins for the OpenAPI document.
import type { z } from 'zod';
import type { BegunSignIn, newSession, Session, signInMethods } from '#domain/access/session';
import { sessionId } from './ids.ts';

export const newSessionExample: z.input<typeof newSession> = { key: 'phk_Zm9vYmFyIG5vdCBhIHJlYWwga2V5LCBqdXN0IGRvY3M' };

export const sessionExample: Session = {
  id: sessionId,
  name: 'ada@example.com (248289761001)',
  person: { issuer: 'https://id.example.com', subject: '248289761001', email: 'ada@example.com', name: 'Ada Lovelace' },
  key: null,
  role: 'operator',
  scopes: ['events:write', 'endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'],
  tenant: null,
  address: '198.51.100.7',
  createdAt: '2026-03-02T08:01:12.208Z',
  lastUsedAt: '2026-03-02T09:10:50.620Z',
  endsAt: '2026-03-02T09:40:50.620Z',
  expiresAt: '2026-03-02T20:01:12.208Z',
  revokedAt: null,
};

export const createdSessionExample = { ...sessionExample, token: 'phs_bm90IGEgcmVhbCB0b2tlbiwganVzdCBmb3IgdGhlIGRvY3M' };

export const signInMethodsExample: z.output<typeof signInMethods> = {
  key: true,
  oidc: { name: 'Example ID', redirectUri: 'https://hooks.example.com/dashboard/signed-in' },
};

export const begunSignInExample: BegunSignIn = {
  url: 'https://id.example.com/authorize?client_id=posthorn&response_type=code&scope=openid+email+profile&code_challenge_method=S256',
  state: 'Rz1kS3VhbGx5X3JhbmRvbV9zdGF0ZV9nb2VzX2hlcmU',
  nonce: 'Y2hhbmdlc193aXRoX2V2ZXJ5X3NpZ25faW5fc3RhcnQ',
  verifier: 'dmVyaWZpZXJfa2VwdF9pbl90aGVfdGFiX3VudGlsX2l0X3JldHVybnM',
};
