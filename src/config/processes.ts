// How many processes `start` and `server` run on one machine, and the part of the configuration
// that each of them gets. docs/performance-details.md says which limits are divided.
import { totalmem } from 'node:os';
import type { Config } from './config.ts';
import type { Machine } from './sizing.ts';

const coresEach = 2;
const memoryMiBEach = 1_024;
/** Together they use 80 connections by default; PostgreSQL allows 100 by default. */
const mostByDefault = 4;

/** `memoryMiB`: what this process and its children may use. */
export function processesOf({ POSTHORN_PROCESSES: set }: Config, { cores }: Machine, memoryMiB: number): number {
  return set ?? Math.max(1, Math.min(Math.floor(cores / coresEach), Math.floor(memoryMiB / memoryMiBEach), mostByDefault));
}

/**
 * The configuration of one of `count` processes. What loads Temporal, which all of them share, is divided, so that a
 * variable means the same with any number of them.
 */
export function shareOfConfig<C extends Config>(config: C, count: number): C {
  const { POSTHORN_WORKFLOWS_PER_SECOND: workflows, POSTHORN_DISPATCHES_PER_SECOND: dispatches } = config;
  return {
    ...config,
    ...(workflows !== undefined && { POSTHORN_WORKFLOWS_PER_SECOND: workflows / count }),
    POSTHORN_DISPATCHES_PER_SECOND: dispatches / count,
  };
}

export const shareOfMachine = ({ cores }: Machine, count: number): Machine => ({ cores: cores / count });

/** The memory that this process and its children may use: of the machine, or of a container with a limit. */
export function thisMemoryMiB(): number {
  // 0: unknown
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(totalmem(), limit) / (1024 * 1024);
}
