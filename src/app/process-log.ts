// The log of this process. With traces on, a line that is written within a span names the trace.
import type { Config } from '#config/config';
import { createLogger, type Logger } from '#runtime/logger';
import { openTracing } from '#tracing/tracing';
import { tracingSettings } from './tracing-settings.ts';

export async function openLog(config: Config): Promise<Logger> {
  const tracing = await openTracing(tracingSettings(config));
  return createLogger(config.LOG_LEVEL, undefined, tracing?.logFields);
}
