// What happens next with a delivery: the attempts that are planned, and the commands that it would obey now.
// Pure: it decides from stored facts.
import { z } from 'zod';
import { type Command, type DeliveryStatus, isUnderWay, type Obstacle, obeyedIn, obstacles } from '../deliveries/delivery.ts';
import { attemptsOf, type RetryPolicy, waitAfter } from '../deliveries/retry-schedule.ts';
import { simulateRetries } from '../deliveries/retry-simulation.ts';
import { explanation } from './explanation.ts';
import type { HoldingFacts } from './held-by.ts';

const plannedAttempt = z.object({
  number: z.int().describe('number of the attempt within its round'),
  earliestAt: z.iso.datetime(),
  latestAt: z.iso.datetime().describe('if every request before it takes as long as the timeout allows'),
});

const commandState = z.object({
  command: z.enum(['replay', 'retry-now', 'cancel', 'release']),
  allowed: z.boolean(),
  reason: z.string().nullable().describe('why it is refused now; null: it is allowed'),
});

export const deliveryExplanation = explanation.extend({
  next: z.object({
    attempts: z
      .array(plannedAttempt)
      .describe('the attempts that follow if each of them fails; empty: none is planned, or their times are not known'),
    attemptsLeft: z.int().describe('how many attempts the retry schedule still has'),
    endsAt: z.iso
      .datetime()
      .nullable()
      .describe(
        'when the delivery is given up at the latest, by its retry schedule or its expiry; null: it has ended, or the time is not known',
      ),
  }),
  commands: z.array(commandState).describe('what POST /v1/deliveries/{delivery}/{command} would do now'),
});
export type DeliveryExplanation = z.infer<typeof deliveryExplanation>;

export interface NextFacts {
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: Date | null;
  expiresAt: Date | null;
  retry: RetryPolicy;
  timeoutMs: number;
  gate: HoldingFacts['gate'];
  gateReason: string | null;
  /** Of its lane. */
  isBlocked: boolean;
  endpointDeleted: boolean;
  eventErased: boolean;
  eventRecalled: boolean;
  now: Date;
}

export function nextSteps(facts: NextFacts): Pick<DeliveryExplanation, 'next' | 'commands'> {
  return { next: nextOf(facts), commands: commands.map((command) => stateOf(command, reasonAgainst(command, facts))) };
}

function nextOf({ status, attempts: made, nextAttemptAt, expiresAt, retry, timeoutMs, now }: NextFacts): DeliveryExplanation['next'] {
  if (!isUnderWay(status) && status !== 'held') return { attempts: [], attemptsLeft: 0, endsAt: null };
  const attemptsLeft = Math.max(0, attemptsOf(retry) - made);
  const startMs = Math.max(nextAttemptAt?.getTime() ?? 0, now.getTime());
  if (nextAttemptAt === null || attemptsLeft === 0) return { attempts: [], attemptsLeft, endsAt: expiresAt?.toISOString() ?? null };
  const waitsMs = Array.from({ length: attemptsLeft - 1 }, (_, index) => waitAfter(retry, made + 1 + index) ?? 0);
  const simulated = simulateRetries({ waitsMs, timeoutMs, downForMs: 0, acceptedAfterMs: 0, retryAfterMs: 0 }).attempts;
  const at = (ms: number) => new Date(startMs + ms).toISOString();
  const inTime = simulated.filter(({ earliestMs }) => expiresAt === null || startMs + earliestMs < expiresAt.getTime());
  const lastMs = startMs + (simulated.at(-1)?.latestMs ?? 0) + timeoutMs;
  return {
    attempts: inTime.map(({ number, earliestMs, latestMs }) => ({
      number: made + number,
      earliestAt: at(earliestMs),
      latestAt: at(latestMs),
    })),
    attemptsLeft,
    endsAt: new Date(Math.min(lastMs, expiresAt?.getTime() ?? lastMs)).toISOString(),
  };
}

const commands = ['replay', 'retry-now', 'cancel', 'release'] as const satisfies Command['kind'][];

function stateOf(command: Command['kind'], reason: string | null): DeliveryExplanation['commands'][number] {
  return { command, allowed: reason === null, reason };
}

const applies: Record<Command['kind'], string> = {
  replay: 'Only a delivery that succeeded or is a dead letter can be replayed.',
  'retry-now': 'Only a delivery that still waits can be retried now.',
  cancel: 'The delivery has ended.',
  release: 'The delivery is not in quarantine.',
};

/** The statements of `db/deliveries/commands.ts` decide; this says the same before the command is given. */
function reasonAgainst(command: Command['kind'], facts: NextFacts): string | null {
  if (!obeyedIn[command].includes(facts.status)) return applies[command];
  if (command === 'retry-now') return obstacleOf(facts);
  if (command !== 'replay') return null;
  if (facts.endpointDeleted) return 'The endpoint was deleted.';
  if (facts.eventErased) return 'The content of the event was erased.';
  return facts.eventRecalled ? 'The event was recalled.' : null;
}

function obstacleOf({ gate, gateReason, isBlocked }: NextFacts): string | null {
  const found = (obstacle: Obstacle) => obstacles[obstacle];
  if (gate === 'disabled') return found('disabled');
  if (gate === 'held') return found(gateReason === 'unverified' ? 'unverified' : 'paused');
  return isBlocked ? found('blocked_by_dead_letter') : null;
}
