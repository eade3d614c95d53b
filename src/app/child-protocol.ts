// What the primary process and the processes it has started say to each other (src/app/processes.ts).
import type { Socket } from 'node:net';
import type { Recordings } from '#sandbox/recordings';
import type { Metrics, Page } from '#telemetry/summed-metrics';
import type { EmbeddedConfig } from './embedded-config.ts';

export type Role = 'start' | 'server';

/** What a child needs to know beside its environment. */
export interface ChildInput {
  role: Role;
  /** How many processes share the machine. */
  count: number;
  /** This child makes the demo data. */
  demo: boolean;
  isTerminal: boolean;
  embedded: EmbeddedConfig;
  port: number;
  /** The public origin. */
  origin: string;
}

/** What a child may ask of the primary. */
export type PrimaryCalls = {
  input(): ChildInput;
  /** The child takes connections from now on. */
  joins(): void;
  /** It answers requests, and the demo data exist. */
  serving(): void;
  /** The child's worker polls too. `lines`: what to print. */
  ready(lines: string[]): void;
  metricsPage(): Promise<Page>;
} & Pick<Recordings, 'countAttempt' | 'record' | 'requestsOf' | 'forget'>;

/** What the primary may ask of a child. */
export type ChildCalls = {
  metrics(ofStores: boolean): Promise<Metrics>;
  /**
   * Serves a connection that the primary has accepted. False: it is ending, or comes too late by `machineMs`, and has read
   * nothing of it.
   */
  take(beforeMs: number, socket?: Socket): boolean;
};

/** A monotonic clock that all processes of the machine share. */
export const machineMs = () => Number(process.hrtime.bigint()) / 1e6;

/** A child that was told to end is killed after this time: 10 s for requests, 40 s for the worker, and some reserve. */
export const endWithinMs = 60_000;
