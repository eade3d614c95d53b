// The state of an endpoint, as consumers see it.
import type { Alert, Endpoint } from '@posthorn/client';
import type { Tone } from '../../parts/Status.tsx';

export type EndpointState = 'sending' | 'failing' | 'paused' | 'disabled' | 'unverified';

export const stateTones: Record<EndpointState, Tone> = {
  sending: 'good',
  failing: 'warning',
  paused: 'neutral',
  disabled: 'bad',
  unverified: 'warning',
};

/** `alerts`: those whose cause has not ended. Somebody who is on it has not mended it yet. */
export function stateOf({ id, gate, gateReason }: Endpoint, alerts: readonly Alert[]): EndpointState {
  if (gate === 'disabled') return 'disabled';
  if (gate === 'held') return gateReason === 'unverified' ? 'unverified' : 'paused';
  const fails = alerts.some(({ kind, endpoint }) => endpoint === id && (kind === 'endpoint.failing' || kind === 'endpoint.disabling'));
  return fails ? 'failing' : 'sending';
}
