// Builds the API view of a lane: its state, the reasons for it, and its workflow in Temporal.
import { z } from 'zod';
import { laneWorkflowId } from '#contract/workflow-contract';
import { type LaneRecord, mostHeldCounted } from '#db/lanes/lane-views';
import { unverified } from '#domain/endpoints/verification';
import { laneSentence } from '#domain/views/lane-sentence';
import type { LaneCause, LaneFacts, LaneView } from '#domain/views/lane-view';
import { type Links, temporalUrlOf } from '../deliveries/show-delivery.ts';

export function showLane(links: Links, endpointId: string, record: LaneRecord): LaneView {
  const { lane, held } = record;
  const workflowId = lane && laneWorkflowId(endpointId);
  const facts: LaneFacts = {
    endpoint: endpointId,
    state: lane?.state ?? 'none',
    reasons: causesOf(record),
    waitingFor: lane?.waitingFor ?? null,
    held: Math.min(held, mostHeldCounted),
    heldIsMore: held > mostHeldCounted,
    oldestHeldAt: record.oldestHeldAt?.toISOString() ?? null,
    oldestHeldAgeMs: record.oldestHeldAgeMs,
    rateLimit: record.rateLimit,
    tenantRateLimit: record.tenantRateLimit,
    allowance: allowed.safeParse(lane?.allowance).data?.allowed ?? null,
    circuit: circuitOf(lane?.circuit),
    dueAt: lane?.dueAt?.toISOString() ?? null,
    failingSince: lane?.failingSince?.toISOString() ?? null,
    workflowId,
    temporalUrl: workflowId && links.temporalUiUrl && temporalUrlOf(links.temporalUiUrl, links.temporalNamespace, workflowId),
  };
  return { ...facts, ...laneSentence(facts) };
}

function causesOf({ gate, gateReason, rateLimit, tenantRateLimit, ordering, batch, coalesceMs, asked, lane }: LaneRecord): LaneCause[] {
  const causes: LaneCause[] = [];
  if (gate !== 'open') causes.push(gate === 'disabled' ? 'disabled' : gateReason === unverified ? unverified : 'paused');
  if (rateLimit || tenantRateLimit) causes.push('rate_limit');
  if (ordering !== 'none') causes.push('ordering');
  if (batch) causes.push('batch');
  if (coalesceMs !== null) causes.push('coalesce');
  if (asked) causes.push('retry_after');
  if (lane?.parks && (lane.reason !== 'backlog' || causes.length === 0)) causes.push(lane.reason);
  return causes;
}

// JSON that drains write (domain/lanes). A value of another shape is not shown.
const allowed = z.object({ allowed: z.int() });
const open = z.object({ state: z.literal('open'), refusedProbes: z.int(), probeAtMs: z.number().min(0).max(8.64e15) });

function circuitOf(circuit: unknown): LaneView['circuit'] {
  const read = open.safeParse(circuit);
  if (!read.success) return { state: 'closed', probeAt: null, refusedProbes: 0 };
  return { state: 'open', probeAt: new Date(read.data.probeAtMs).toISOString(), refusedProbes: read.data.refusedProbes };
}
