// The parts of an event's standard body, as the other formats need them.

/** The parts of a standard body: type and timestamp, and the producer's own text of `data`. */
export interface EventParts {
  id: string;
  source: string;
  type: string;
  timestamp: string;
  data: string;
}
