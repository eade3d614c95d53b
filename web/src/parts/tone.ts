// How good or bad something is: a colour, and the shape of its dot.
export type Tone = 'neutral' | 'good' | 'warning' | 'bad' | 'muted';
