// The points in the processing of an event at which a process can crash.
// A process may be given a function that is called at each of them. Tests kill the process there.

export type Checkpoint =
  | 'event committed'
  | 'dispatch written'
  | 'before plan'
  | 'planned'
  | 'posted'
  | 'recorded'
  | 'pump has a slot'
  | 'pump has leased'
  | 'dead letter opened'
  | 'day expired'
  | 'partition detached'
  | 'partitions dropped'
  | 'event ids deleted'
  | 'replay page handed over';
export type Reached = (checkpoint: Checkpoint) => Promise<void>;
