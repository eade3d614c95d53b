// The pages of the portal in their order. A page is listed if the link has its scope.
import type { Scope } from '@posthorn/client';
import type { PortalWords } from './words/en.ts';

interface Entry {
  to: '/endpoints' | '/deliveries' | '/missed' | '/health' | '/catalogue' | '/alerts' | '/help';
  text: keyof PortalWords & string;
  scope: Scope;
}

export const entries: readonly Entry[] = [
  { to: '/endpoints', text: 'endpoints', scope: 'endpoints:read' },
  { to: '/deliveries', text: 'deliveries', scope: 'deliveries:read' },
  { to: '/missed', text: 'missed', scope: 'deliveries:read' },
  { to: '/health', text: 'health', scope: 'deliveries:read' },
  { to: '/catalogue', text: 'catalogue', scope: 'endpoints:read' },
  { to: '/alerts', text: 'alerts', scope: 'endpoints:read' },
  { to: '/help', text: 'help', scope: 'endpoints:read' },
];
