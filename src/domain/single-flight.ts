// Shares one load between concurrent calls with the same key. Keeps no results: a call after the
// load has ended begins the next one. Bounded by the number of loads in flight.

export interface SingleFlight<T> {
  /** Joins the load of this key that is in flight, or begins one. A failed load fails for all that share it. */
  share(key: string, load: () => Promise<T>): Promise<T>;
  isLoading(key: string): boolean;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  return {
    share(key, load) {
      const joined = flights.get(key);
      if (joined !== undefined) return joined;
      const flight = load().finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
    isLoading: (key) => flights.has(key),
  };
}
