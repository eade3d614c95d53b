// The pages of the portal in their order. A page is listed if the link has its scope.
import type { Scope } from '@posthorn/client';
import type { PortalWords } from './words/en.ts';

interface Entry {
  to: '/deliveries';
  text: keyof PortalWords & string;
  scope: Scope;
}

export const entries: readonly Entry[] = [{ to: '/deliveries', text: 'deliveries', scope: 'deliveries:read' }];
