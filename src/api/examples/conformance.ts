// Examples of conformance runs for the OpenAPI document.
import type { z } from 'zod';
import type { ConformanceCase, ConformanceReport, Control, conformanceRequest } from '#domain/conformance/conformance';
import { endpointId } from './ids.ts';

export const conformanceRequestExample: z.input<typeof conformanceRequest> = { eventType: 'order.created', data: { orderId: '1001' } };

const webhookId = 'test_019cabf3e1c07d8a9f2b64c1d07e35a8';

const control: Control = {
  verdict: 'passed',
  judgedBy: ['status'],
  reason: 'A correct request was accepted.',
  advice: null,
  requests: [
    {
      what: 'a correct request',
      webhookId,
      expected: 'accept',
      outcome: 'accepted',
      status: 204,
      receipt: null,
      tookMs: 12,
      message: 'HTTP 204 from hooks.example.com, 12 ms',
    },
  ],
};

const stale: ConformanceCase = {
  case: 'stale_time',
  verdict: 'failed',
  judgedBy: ['status'],
  reason: 'a request signed an hour ago: accepted with 204',
  advice:
    'Refuse a request whose signed time is more than five minutes from now, either way, with a 4xx status. Otherwise a recorded request can be sent again at any time.',
  requests: [
    {
      what: 'a request signed an hour ago',
      webhookId,
      expected: 'refuse',
      outcome: 'accepted',
      status: 204,
      receipt: null,
      tookMs: 9,
      message: 'HTTP 204 from hooks.example.com, 9 ms',
    },
  ],
};

export const conformanceReportExample: ConformanceReport = {
  endpoint: endpointId,
  passed: false,
  score: 89,
  eventType: 'order.created',
  control,
  cases: [stale],
  startedAt: '2026-03-02T10:02:31.050Z',
  tookMs: 412,
};
