// The parts of an event from which the non-standard body formats are made.

/** `data` is the producer's own JSON text, byte for byte. */
export interface EventParts {
  id: string;
  source: string;
  type: string;
  timestamp: string;
  data: string;
}
