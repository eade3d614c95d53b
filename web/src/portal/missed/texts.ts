// The texts of the page about missed events.
import { translated } from '../shell/words/translated.ts';

const english = (count: number) => (count === 1 ? '1 event' : `${count.toLocaleString('en')} events`);
const german = (count: number) => (count === 1 ? '1 Ereignis' : `${count.toLocaleString('de')} Ereignisse`);
const acknowledgeInEnglish = (count: number, isAll: boolean) =>
  isAll ? `Acknowledge ${english(count)}` : `Acknowledge the first ${english(count)}`;
const acknowledgeInGerman = (count: number, isAll: boolean) =>
  isAll ? `${german(count)} bestätigen` : `Die ersten ${german(count)} bestätigen`;

export const missedTexts = translated(
  {
    title: 'Missed events',
    intro:
      'What an endpoint should have accepted and has not. Sending goes on where it can. Your server can also fetch these events itself, and acknowledge what it has.',
    missedBy: (name: string) => `Missed by ${name}`,
    type: 'Event type',
    event: 'Event',
    status: 'Status',
    accepted: 'Accepted',
    noEndpointsTitle: 'No endpoints yet',
    noEndpoints: 'Events can be missed only by an endpoint.',
    noneTitle: 'Nothing is missed',
    noneOfAll: 'All endpoints have accepted what was sent to them, or have acknowledged it.',
    none: 'This endpoint has accepted everything that was sent to it, or has acknowledged it.',
    fetch: 'Fetch them from your server',
    fetchHint: 'With an API key of your own; ask the application that sends you webhooks for one.',
    acknowledge: (count: number, isAll: boolean) => `${acknowledgeInEnglish(count, isAll)} …`,
    confirm: acknowledgeInEnglish,
    confirmTitle: 'Acknowledge missed events?',
    effect: (count: number) =>
      `Marks ${english(count)} as taken: they count as delivered, and are not sent any more. Do this only if your server has them from elsewhere.`,
    done: (count: number) => `${english(count)} acknowledged.`,
    replay: 'Send again',
    replayTitle: 'Send again what was given up?',
    counting: 'Counting …',
    replayEffect: (count: number, url: string, pace: number) =>
      `Sends ${english(count)} to ${url} once more, ${pace} a second at most. Those that fail are retried as usual. What still waits is not touched.`,
    nothingToReplay: 'nothing was given up in this time',
    replayBegun: 'Sending has begun. The deliveries show how each goes.',
  },
  {
    title: 'Verpasste Ereignisse',
    intro:
      'Was ein Endpunkt hätte annehmen sollen und nicht angenommen hat. Gesendet wird weiter, wo es geht. Ihr Server kann diese Ereignisse auch selbst abholen und bestätigen, was er hat.',
    missedBy: (name: string) => `Verpasst von ${name}`,
    type: 'Ereignistyp',
    event: 'Ereignis',
    status: 'Status',
    accepted: 'Angenommen',
    noEndpointsTitle: 'Noch keine Endpunkte',
    noEndpoints: 'Verpassen kann Ereignisse nur ein Endpunkt.',
    noneTitle: 'Nichts ist verpasst',
    noneOfAll: 'Alle Endpunkte haben angenommen, was an sie geschickt wurde, oder haben es bestätigt.',
    none: 'Dieser Endpunkt hat alles angenommen, was an ihn geschickt wurde, oder hat es bestätigt.',
    fetch: 'Vom eigenen Server abholen',
    fetchHint: 'Mit einem eigenen API-Schlüssel; fragen Sie danach die Anwendung, die Ihnen Webhooks schickt.',
    acknowledge: (count: number, isAll: boolean) => `${acknowledgeInGerman(count, isAll)} …`,
    confirm: acknowledgeInGerman,
    confirmTitle: 'Verpasste Ereignisse bestätigen?',
    effect: (count: number) =>
      `${german(count)} gelten als angenommen und werden nicht mehr gesendet. Tun Sie das nur, wenn Ihr Server sie auf anderem Weg bekommen hat.`,
    done: (count: number) => `${german(count)} bestätigt.`,
    replay: 'Erneut senden',
    replayTitle: 'Aufgegebenes erneut senden?',
    counting: 'Wird gezählt …',
    replayEffect: (count: number, url: string, pace: number) =>
      `Sendet ${german(count)} noch einmal an ${url}, höchstens ${pace} je Sekunde. Was fehlschlägt, wird wie üblich wiederholt. Was noch wartet, bleibt unberührt.`,
    nothingToReplay: 'in dieser Zeit wurde nichts aufgegeben',
    replayBegun: 'Das Senden hat begonnen. Die Zustellungen zeigen, wie es jeder ergeht.',
  },
);
