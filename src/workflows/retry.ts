// The declarative retry policy for faults of our own: a store that is away, a worker that died. What an endpoint refuses brings its own delay.

export const ourFaults = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;
