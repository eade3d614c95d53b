// The workflows this worker runs; the names are their Temporal types.
export { deliver } from './deliver.ts';
export { dispatchEvents } from './dispatch-events.ts';
export { endpointLane } from './endpoint-lane.ts';
export { operator } from './operator.ts';
export { rotateKey } from './rotate-key.ts';
export { upkeep } from './upkeep.ts';
