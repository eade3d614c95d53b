// The buttons of a delivery. Each says what it will do, why it cannot be pressed now, and when it was obeyed.
import { type Delivery, type DeliveryExplanation, PosthornProblem } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { useCommands } from '../../parts/commands.ts';
import { Confirm } from '../../parts/Dialog.tsx';
import { TextField } from '../../parts/Field.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { type Asked, type Command, orderWords, outcomeOf } from './orders.ts';

const methods = { replay: 'replay', 'retry-now': 'retryNow', cancel: 'cancel', release: 'release' } as const;

export interface OrdersProps {
  delivery: Delivery;
  explanation: DeliveryExplanation;
}

export function Orders({ delivery, explanation }: OrdersProps) {
  const lacks = useLacks('deliveries:act');
  const { asked, order, isPending, error, reset } = useOrder(delivery);
  const [confirming, setConfirming] = useState<Command | null>(null);
  const shown = explanation.commands.filter(({ command, allowed }) => command !== 'release' || allowed);
  const press = (command: Command) => {
    reset();
    if (effectOf(command, delivery, explanation) === null) order({ command });
    else setConfirming(command);
  };
  useCommands(
    shown.map(({ command, allowed, reason }) => ({
      id: command,
      text: orderWords[command].verb,
      ...(command === 'replay' && { keys: 'r' }),
      because: lacks ?? (allowed ? undefined : (reason ?? undefined)),
      act: () => press(command),
    })),
  );
  return (
    <>
      {shown.map(({ command, allowed, reason }) => {
        const isAsked = asked?.command === command;
        return (
          <Button
            key={command}
            tone={command === 'cancel' ? 'danger' : command === mainOf(explanation) ? 'primary' : 'plain'}
            because={lacks ?? (allowed || isAsked ? undefined : (reason ?? undefined))}
            isPending={isAsked || (isPending && confirming === null)}
            onPress={() => press(command)}
          >
            {isAsked ? orderWords[command].asked : orderWords[command].verb}
          </Button>
        );
      })}
      {confirming && (
        <ConfirmOrder
          command={confirming}
          effect={effectOf(confirming, delivery, explanation)}
          isPending={isPending}
          problem={error && <Problem error={error} />}
          onClose={() => setConfirming(null)}
          onConfirm={(reason) => order({ command: confirming, reason }, () => setConfirming(null))}
        />
      )}
    </>
  );
}

/** The one that most people come for. */
function mainOf({ commands }: DeliveryExplanation): Command | undefined {
  const order: Command[] = ['release', 'retry-now', 'replay'];
  return order.find((command) => commands.some((one) => one.command === command && one.allowed));
}

/** What an order does that cannot be taken back. Null: it needs no question. */
function effectOf(command: Command, { eventType, status }: Delivery, { host }: DeliveryExplanation): string | null {
  if (command === 'cancel')
    return `No further attempt of ${eventType} is made to ${host}. A request that is in flight is not recalled. A cancelled delivery cannot be replayed.`;
  return command === 'replay' && status === 'succeeded'
    ? `Sends ${eventType} to ${host} once more, under the same webhook-id. The endpoint has accepted it already.`
    : null;
}

interface Wish extends Asked {
  reason?: string;
}

function useOrder(delivery: Delivery) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: ({ command, reason }: Wish) => posthorn.deliveries[methods[command]](delivery.id, { ...(reason && { reason }) }),
    onSuccess: (after, { command, before }) => {
      queries.setQueryData(['delivery', delivery.id], after);
      setAsked({ command, before });
    },
    onError: (refused) => say(refused instanceof PosthornProblem ? refused.detail : 'Posthorn did not answer.', 'bad'),
    onSettled: () => queries.invalidateQueries({ queryKey: ['delivery', delivery.id] }),
  });
  const outcome = asked && outcomeOf(asked, delivery);
  useEffect(() => {
    if (outcome === null) return;
    say(outcome);
    setAsked(null);
  }, [outcome]);
  const order = (wish: Omit<Wish, 'before'>, done?: () => void) => mutate({ ...wish, before: delivery }, done && { onSuccess: done });
  return { asked, order, isPending, error, reset };
}

interface ConfirmOrderProps {
  command: Command;
  effect: string | null;
  isPending: boolean;
  problem: ReactNode;
  onClose: () => void;
  onConfirm: (reason: string) => void;
}

function ConfirmOrder({ command, effect, isPending, problem, onClose, onConfirm }: ConfirmOrderProps) {
  const [reason, setReason] = useState('');
  const action = command === 'cancel' ? 'Cancel the delivery' : 'Replay the delivery';
  return (
    <Confirm
      title={`${action}?`}
      isOpen
      onClose={onClose}
      effect={
        <div className="order-effect">
          <p>{effect}</p>
          <TextField
            label="Reason (kept in the audit log)"
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
      }
      action={action}
      isDangerous={command === 'cancel'}
      isPending={isPending}
      problem={problem}
      onConfirm={() => onConfirm(reason.trim())}
    />
  );
}
