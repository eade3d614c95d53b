// The buttons of a delivery. Each says why it cannot be pressed now, asks where something cannot be undone, and tells when it was
// obeyed.
import type { Delivery, DeliveryExplanation } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { isSentAgain } from '../../parts/attempts/sent-again.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { useGerman } from '../../parts/Sentence.tsx';
import { Problem } from '../../parts/States.tsx';
import { sayRefusal } from '../../parts/say-refusal.ts';
import { say } from '../../parts/Toasts.tsx';
import { endingInGerman } from '../../words/german/outcomes.ts';
import { useWords } from '../../words/words.tsx';
import { useForbidden } from '../shared-words.ts';
import { useTexts } from '../shell/words/language.tsx';
import { deliveryTexts } from './texts.ts';

type Command = DeliveryExplanation['commands'][number]['command'];
/** Those that the page asks about first. */
type Asking = 'replay' | 'cancel';

const methods = { replay: 'replay', 'retry-now': 'retryNow', cancel: 'cancel', release: 'release' } as const;

export function Orders({ delivery, explanation }: { delivery: Delivery; explanation: DeliveryExplanation }) {
  const texts = useTexts(deliveryTexts);
  const because = useForbidden('deliveries:act');
  const { asked, pending, error, give } = useOrder(delivery);
  const [asking, setAsking] = useState<Asking | null>(null);
  const main = explanation.commands.find(({ command, allowed }) => allowed && command !== 'cancel')?.command;
  const press = (command: Command) => {
    if (command === 'cancel' || (command === 'replay' && delivery.status === 'succeeded')) setAsking(command);
    else give(command);
  };
  return (
    <>
      {explanation.commands
        .filter(({ command, allowed }) => allowed || command === asked)
        .map(({ command }) => (
          <Button
            key={command}
            tone={command === 'cancel' ? 'danger' : command === main ? 'primary' : 'plain'}
            because={because}
            isPending={asked === command || pending === command}
            onPress={() => press(command)}
          >
            {asked === command ? texts.asked[command] : texts.verbs[command]}
          </Button>
        ))}
      {asking && (
        <Confirm
          title={texts.sure[asking]}
          isOpen
          onClose={() => setAsking(null)}
          effect={texts.effects[asking](explanation.host)}
          action={texts.verbs[asking]}
          isDangerous={asking === 'cancel'}
          isPending={pending === asking}
          problem={error && <Problem error={error} />}
          onConfirm={() => give(asking, () => setAsking(null))}
        />
      )}
    </>
  );
}

interface Wish {
  command: Command;
  /** The delivery when it was pressed. */
  before: Delivery;
}

/** `asked`: obeyed by the API, and not seen in the delivery yet. */
function useOrder(delivery: Delivery) {
  const [texts, words] = [useTexts(deliveryTexts), useWords()];
  const queries = useQueryClient();
  const [wish, setWish] = useState<Wish | null>(null);
  const order = useMutation({
    mutationFn: ({ command }: Wish) => posthorn.deliveries[methods[command]](delivery.id),
    onSuccess: (after, given) => {
      queries.setQueryData(['delivery', delivery.id], after);
      setWish(given);
    },
    onError: (refused) => sayRefusal(refused, words),
    onSettled: () => {
      for (const key of [['deliveries'], ['delivery', delivery.id]]) void queries.invalidateQueries({ queryKey: key });
    },
  });
  const last =
    useGerman(() => endingInGerman(delivery.lastOutcome, delivery.lastStatus)) ?? delivery.lastMessage ?? words.status[delivery.status];
  const outcome = wish && outcomeOf(wish, delivery, texts, last);
  useEffect(() => {
    if (outcome === null) return;
    say(outcome);
    setWish(null);
  }, [outcome]);
  const give = (command: Command, done?: () => void) => order.mutate({ command, before: delivery }, done && { onSuccess: done });
  return { asked: wish?.command, pending: order.isPending ? order.variables.command : undefined, error: order.error, give };
}

/** What became of an order, as soon as the delivery shows it; `last`: what happened to it last. Null: not yet. */
function outcomeOf({ command, before }: Wish, now: Delivery, texts: (typeof deliveryTexts)['en'], last: string): string | null {
  const done = texts.done[command];
  if (command === 'cancel') return now.status === 'cancelled' ? `${done}: ${texts.noMore}.` : null;
  if (now.status === 'held') return before.status === 'held' ? null : `${done}: ${texts.waits}.`;
  return isSentAgain(before, now) ? `${done}: ${last}.` : null;
}
