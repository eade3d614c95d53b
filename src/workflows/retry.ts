// Retry policies of activities for internal errors, such as an unavailable database or a crashed
// worker. They do not apply to refusals of an endpoint, which set their own delay.

export const ourFaults = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;
