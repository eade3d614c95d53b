// The sentence and the advice of an explanation, in German. English: those of the API.
import type { Explanation } from '@posthorn/client';
import { adviceInGerman, endingInGerman } from './outcomes.ts';

type Code = Explanation['code'];
type HeldBy = NonNullable<Explanation['heldBy']>;
type ByKind = NonNullable<Explanation['facts']['by']>['kind'];

interface Told {
  message(of: Explanation): string;
  advice?(of: Explanation): string | null;
}

const ending = ({ lastOutcome, facts }: Explanation) =>
  endingInGerman(lastOutcome, facts.lastStatus) ?? facts.lastMessage ?? 'kein Versuch';
const ofRound = ({ facts: { round } }: Explanation) => (round !== null && round > 1 ? ` in Runde ${round}` : '');
const onOutcome = ({ lastOutcome }: Explanation) => adviceInGerman(lastOutcome);

const told: Record<Code, Told> = {
  delivered: {
    message: (of) =>
      `Der Endpunkt hat das Ereignis beim ${Math.max(1, of.facts.attempts ?? 1)}. Versuch${ofRound(of)} angenommen (${ending(of)})${hadToWait(of)}.`,
  },
  taken: {
    message: ({ facts: { at } }) =>
      `Das Ereignis wurde am ${at} in der Liste der verpassten Ereignisse bestätigt und wird nicht mehr gesendet.`,
  },
  in_progress: {
    message(of) {
      if (of.delivery === null) return 'Das Ereignis ist angenommen, und seine Zustellung wird vorbereitet.';
      if (of.until === null) return `Die Zustellung ist fällig: Ihr erster Versuch${ofRound(of)} beginnt gleich oder läuft schon.`;
      return `Die Zustellung ist für den ${of.until} geplant${ofRound(of)}.`;
    },
  },
  retrying: {
    message: (of) =>
      `Versuch ${of.facts.attempts} ist fehlgeschlagen (${ending(of)}); der nächste folgt ${of.until === null ? 'gleich' : `am ${of.until}`}.`,
    advice: onOutcome,
  },
  held: {
    message(of) {
      const [message] = holds[of.heldBy ?? 'backlog'];
      const failed = (of.facts.attempts ?? 0) > 0 ? `; Versuch ${of.facts.attempts} ist fehlgeschlagen (${ending(of)})` : '';
      return `${message}${of.until === null ? '' : `, mindestens bis ${of.until}`}${failed}.`;
    },
    advice: (of) => holds[of.heldBy ?? 'backlog'][1] ?? onOutcome(of),
  },
  dead_lettered: {
    message: (of) =>
      (of.facts.attempts ?? 0) > 1
        ? `Alle ${of.facts.attempts} Versuche sind fehlgeschlagen, der letzte so: ${ending(of)}.`
        : `Der Versuch ist fehlgeschlagen, und kein weiterer folgt: ${ending(of)}.`,
    advice: (of) =>
      `${onOutcome(of) ?? 'Finden Sie heraus, warum der Endpunkt das Ereignis ablehnt.'} Senden Sie die Zustellung dann erneut.`,
  },
  quarantined: {
    message: () => 'Die Versuche sind an einem Fehler in Posthorn gescheitert.',
    advice: () => 'Der Betreiber muss die Ursache beheben und die Zustellung dann freigeben.',
  },
  cancelled: { message: cancelled },
  expired: {
    message: (of) =>
      `Das Ereignis ist ${of.facts.at === null ? '' : `am ${of.facts.at} `}abgelaufen, bevor der Endpunkt es angenommen hat: ${ending(of)}.`,
    advice: onOutcome,
  },
  type_not_subscribed: {
    message: () => 'Der Endpunkt hatte diesen Ereignistyp nicht abonniert, als das Ereignis angenommen wurde.',
    advice: () => 'Fügen Sie dem Endpunkt den Ereignistyp hinzu; frühere Ereignisse müssen erneut gesendet werden.',
  },
  channel_not_subscribed: {
    message: () => 'Der Endpunkt hatte Kanäle abonniert, von denen das Ereignis keinen hat.',
    advice: () => 'Fügen Sie dem Endpunkt den Kanal hinzu, oder lassen Sie das Ereignis mit einem seiner Kanäle senden.',
  },
  filter_not_matched: {
    message: ({ facts: { cause, at } }) =>
      cause === 'erased'
        ? `Der Endpunkt hat einen Filter und keine Zustellung. Der Filter lässt sich nicht noch einmal prüfen: Der Inhalt des Ereignisses wurde am ${at} gelöscht.`
        : 'Der Filter des Endpunkts traf auf das Ereignis nicht zu, als es angenommen wurde.',
    advice: ({ facts: { cause } }) => (cause === 'erased' ? null : 'Prüfen Sie den Filter mit den Daten dieses Ereignisses.'),
  },
  created_later: {
    message: () => 'Der Endpunkt wurde erst hinzugefügt, als das Ereignis schon angenommen war.',
    advice: () => 'Lassen Sie das Ereignis erneut senden, wenn der Endpunkt es haben soll.',
  },
  endpoint_deleted: {
    message: ({ facts: { at } }) =>
      at === null
        ? 'Der Endpunkt wurde gelöscht, bevor das Ereignis gesendet wurde.'
        : `Der Endpunkt wurde am ${at} gelöscht, bevor er das Ereignis angenommen hat.`,
  },
  meant_for_another: { message: () => 'Es ist ein Testereignis für einen anderen Endpunkt.' },
};

const holds: Record<HeldBy, [message: string, advice: string | null]> = {
  paused: ['Der Endpunkt ist angehalten, und die Zustellung wartet auf ihn', 'Setzen Sie den Endpunkt fort.'],
  unverified: ['Der Endpunkt ist nicht bestätigt, und die Zustellung wartet darauf', 'Lassen Sie den Endpunkt bestätigen.'],
  disabled: [
    'Der Endpunkt ist abgeschaltet, weil er zu lange gestört war oder mit 410 geantwortet hat, und die Zustellung wartet auf ihn',
    'Reparieren Sie Ihren Server, und setzen Sie den Endpunkt dann fort.',
  ],
  retry_after: ['Der Endpunkt hat mit Retry-After um eine Pause gebeten', null],
  circuit_open: ['Der Endpunkt ist gestört, deshalb erproben ihn nur einzelne Anfragen', 'Reparieren Sie Ihren Server.'],
  blocked_by_dead_letter: [
    'Eine frühere unzustellbare Zustellung hält die Reihenfolge des Endpunkts auf',
    'Senden Sie sie erneut, brechen Sie sie ab, oder lassen Sie sie überspringen.',
  ],
  backoff: ['Die Zustellung wartet auf ihren nächsten Versuch', null],
  ordering: ['Der Endpunkt erhält Zustellungen der Reihe nach, und frühere sind noch nicht erledigt', null],
  rate_limit: ['Die Zustellung wartet, weil die Zahl der Anfragen je Sekunde begrenzt ist', null],
  batch: ['Die Zustellung wartet, bis ihr Stapel voll ist', null],
  coalesce: ['Die Zustellung wartet auf das Ende der Zeit, in der Ereignisse zusammengefasst werden', null],
  cap: ['An den Endpunkt laufen so viele Anfragen zugleich, wie seine Grenze erlaubt', null],
  backlog: ['Frühere Zustellungen des Endpunkts werden zuerst gesendet', null],
};

const waited = { paused: 'angehalten', unverified: 'nicht bestätigt', disabled: 'abgeschaltet' };

function hadToWait({ facts: { waitedFor } }: Explanation): string {
  return waitedFor === null ? '' : `; es hat gewartet, weil der Endpunkt ${waited[waitedFor]} war, als das Ereignis angenommen wurde`;
}

function cancelled({ facts: { cause, by, at } }: Explanation): string {
  if (cause === 'coalesced') return 'An seiner Stelle wurde ein späteres Ereignis mit demselben coalesceKey gesendet.';
  if (cause === 'recalled') return `Das Ereignis wurde am ${at} zurückgerufen, bevor der Endpunkt es angenommen hat.`;
  if (cause === 'erased') return `Der Inhalt des Ereignisses wurde am ${at} gelöscht, bevor der Endpunkt es angenommen hat.`;
  if (by === null) return `Die Zustellung wurde am ${at} abgebrochen.`;
  const who = by.id === null ? actors[by.kind] : `${actors[by.kind]} ${by.id}${by.name === undefined ? '' : ` von ${by.name}`}`;
  return `${who} hat die Zustellung am ${at} abgebrochen.`;
}

const actors: Record<ByKind, string> = {
  bootstrap: 'Der Schlüssel aus der Konfiguration',
  api_key: 'Der API-Schlüssel',
  portal_link: 'Der Portal-Link',
  session: 'Die Sitzung',
  temporal: 'Ein Befehl über Temporal, Workflow',
  cli: 'Die Befehlszeile',
  system: 'Posthorn',
};

const toldOf = ({ code }: Explanation): Told | undefined => (Object.hasOwn(told, code) ? told[code] : undefined);

/** Null: this page does not know the code. */
export function messageInGerman(of: Explanation): string | null {
  return toldOf(of)?.message(of) ?? null;
}

/** Null: this page does not know the code. */
export function explainedAdviceInGerman(of: Explanation): string | null {
  return toldOf(of)?.advice?.(of) ?? null;
}
