// Example of the status of the installation for the OpenAPI document.
import type { InstallationStatus } from '#domain/views/status-view';
import { endpointId, tenantId } from './ids.ts';

export const statusExample: InstallationStatus = {
  version: '1.0.0',
  dispatch: 'individual',
  waiting: { events: 3, oldestAt: '2026-03-02T10:02:30.412Z' },
  held: { deliveries: 42 },
  lanes: { awake: 1, idle: 0, blocked: 2 },
  holding: [
    {
      endpoint: endpointId,
      tenant: tenantId,
      url: 'https://hooks.example.com/orders',
      held: 42,
      oldestSeconds: 364.2,
      state: 'blocked',
      waitingFor: 'circuit_open',
    },
  ],
  refusing: { all: false, tenants: 0 },
  workers: 1,
  warnings: [],
  relays: [
    {
      id: 'rly_019cab6f10b87e24b7c05d92a1f3e846',
      process: 'worker-1 4711',
      mode: 'individual',
      waiting: 3,
      temporalError: null,
      startedAt: '2026-03-02T06:50:04.536Z',
      seenAt: '2026-03-02T10:02:30.871Z',
    },
  ],
  postgres: { latencyMs: 1.2, version: '17.5', connections: 14, maxConnections: 97 },
  temporal: { latencyMs: 3.8, error: null, namespace: 'default', webUi: 'http://localhost:8233' },
};
