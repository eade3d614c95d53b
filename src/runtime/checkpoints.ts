// The points of an event's way at which a process may die; a composition root may be told as each is reached. Tests kill the process there.

export type Checkpoint = 'event committed' | 'dispatch written' | 'before plan' | 'planned' | 'posted';
export type Reached = (checkpoint: Checkpoint) => Promise<void>;
