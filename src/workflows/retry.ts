// The declarative retry policy for faults of our own: a store that is away, a worker that died. What an endpoint refuses brings its own delay.

export const ourFaults = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;

/** For what would do more the second time: it is done once or not at all, and whoever asked for it sees which. */
export const once = { maximumAttempts: 1 } as const;
