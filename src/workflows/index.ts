// All workflows of a worker. The exported names are the Temporal workflow types.
export { deliver } from './deliver.ts';
export { dispatchEvents } from './dispatch-events.ts';
export { endpointLane } from './endpoint-lane.ts';
export { operator } from './operator.ts';
export { replayDeliveries } from './replay-deliveries.ts';
export { rotateKey } from './rotate-key.ts';
export { upkeep } from './upkeep.ts';
export { verifyEndpoint } from './verify-endpoint.ts';
