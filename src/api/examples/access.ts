// Examples of API keys, portal links and audit entries for the OpenAPI document.
import type { z } from 'zod';
import type { ApiKey, newApiKey } from '#domain/access/api-key';
import type { AuditVerification, AuditView } from '#domain/access/audit';
import type { CurrentPortalLink, createdPortalLink, newPortalLink, PortalLink } from '#domain/access/portal-link';
import { keyId, linkId, tenantId } from './ids.ts';

export const newApiKeyExample: z.input<typeof newApiKey> = {
  name: 'Order service',
  scopes: ['events:write'],
  tenant: tenantId,
  cidrs: ['203.0.113.0/24'],
};

export const apiKeyExample: ApiKey = {
  id: keyId,
  prefix: 'phk_Zm9vYm',
  name: 'Order service',
  scopes: ['events:write'],
  tenant: tenantId,
  cidrs: ['203.0.113.0/24'],
  rateLimit: null,
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  createdAt: '2026-02-20T16:47:21.300Z',
  createdBy: 'bootstrap',
};

export const newPortalLinkExample: z.input<typeof newPortalLink> = {
  tenant: tenantId,
  expiresIn: '1h',
  theme: { accent: '#0b57d0', mode: 'system' },
  language: 'en',
  origins: ['https://app.example.com'],
};

export const portalLinkExample: PortalLink = {
  id: linkId,
  tenant: tenantId,
  scopes: ['endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'],
  theme: { accent: '#0b57d0', radius: null, mode: 'system', logo: false },
  language: 'en',
  origins: ['https://app.example.com'],
  expiresAt: '2026-03-02T10:10:50.000Z',
  revokedAt: null,
  createdAt: '2026-03-02T09:10:50.620Z',
  createdBy: keyId,
};

const token = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJwb3N0aG9ybiJ9.bm90LXJlYWw';

export const createdPortalLinkExample: z.infer<typeof createdPortalLink> = {
  ...portalLinkExample,
  token,
  url: `https://posthorn.example.com/portal/${linkId}#token=${token}`,
};

export const currentPortalLinkExample: CurrentPortalLink = {
  id: linkId,
  tenant: { id: tenantId, name: 'Acme' },
  scopes: portalLinkExample.scopes,
  theme: { ...portalLinkExample.theme, logo: null },
  language: 'en',
  origins: ['https://app.example.com'],
  expiresAt: '2026-03-02T10:10:50.000Z',
};

export const auditVerificationExample: AuditVerification = {
  unbroken: true,
  entries: 118,
  head: '2c624232cdd221771294dfbb310aca000a0df6ac8b66b696d90ef06fdefb64a3',
  broken: null,
  unguarded: [],
  remarks: [],
};

export const auditExample: AuditView = {
  seq: 118,
  at: '2026-02-20T16:47:21.300412Z',
  actor: { kind: 'bootstrap', id: null },
  tenant: tenantId,
  tenantId: 'tnt_019c7a0e44b37a6c8d21f05b9e6c3a70',
  action: 'api_key.create',
  target: { kind: 'api_key', id: keyId },
  before: null,
  after: { name: 'Order service' },
  address: '198.51.100.7',
  requestId: '5f0c2b1e-8d3a-4c67-9b1f-2a6e7d904c13',
  once: null,
  prevHash: '9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab',
  hash: '2c624232cdd221771294dfbb310aca000a0df6ac8b66b696d90ef06fdefb64a3',
};
