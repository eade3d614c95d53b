// What a passed case of a conformance run shows, and what to change for the others, in German. English: reason and advice of the API.
import type { ConformanceCase } from '@posthorn/client';

export type CaseName = ConformanceCase['case'] | 'control';

const advice: Record<CaseName, string> = {
  control:
    'Bringen Sie Ihren Server zuerst dazu, eine richtige Anfrage anzunehmen: Prüfen Sie den Schlüssel und die Adresse, ob die Signatur über den unveränderten Inhalt geprüft wird, und ob er den Ereignistyp und dessen Daten kennt.',
  bad_signature:
    'Prüfen Sie die Signatur vor allem anderen über die unveränderten Bytes des Inhalts, mit einem Vergleich in konstanter Zeit, und antworten Sie mit 401, wenn sie nicht passt oder fehlt.',
  stale_time:
    'Lehnen Sie eine Anfrage, deren signierte Zeit mehr als fünf Minuten von jetzt abweicht, mit einem Status 4xx ab, in beide Richtungen. Sonst lässt sich eine mitgeschnittene Anfrage jederzeit noch einmal senden.',
  duplicate:
    'Antworten Sie mit 2xx auf eine webhook-id, die schon angekommen ist, und tun Sie sonst nichts. Bei jeder anderen Antwort sendet Posthorn noch einmal.',
  reorder:
    'Antworten Sie mit 2xx auf ein Ereignis, das älter ist als ein schon empfangenes. Wiederholungen kommen spät an: Entscheiden Sie nach der Antwort, was mit ihnen geschieht, nach `timestamp` oder `posthorn-sequence`.',
  slow: 'Speichern Sie das Ereignis, antworten Sie gleich mit 2xx, und arbeiten Sie im Hintergrund. Mehrere Anfragen kommen zugleich.',
  large: 'Heben Sie die Grenze für die Größe von Anfragen bei Ihrem Server und den Proxys davor auf mindestens 512 KiB an.',
  unknown_type:
    'Antworten Sie mit 2xx auf Ereignistypen, mit denen Ihr Server nichts anfängt. Neue Typen kommen ohne Ankündigung, und eine Ablehnung wird tagelang wiederholt.',
  rotation:
    'Nehmen Sie eine Anfrage an, wenn irgendeine ihrer Signaturen gültig ist. Während eines Wechsels gibt es eine für jeden geltenden Schlüssel, und Ihrer kann jeder davon sein.',
  replay:
    'Antworten Sie mit 2xx auf eine Anfrage mit dem Header posthorn-replay: Jemand wollte dieses Ereignis noch einmal haben. Verarbeiten Sie es noch einmal, außer Ihre Aufzeichnungen zeigen, dass es erledigt ist.',
};

const passed: Record<CaseName, string> = {
  control: 'Eine richtige Anfrage wurde angenommen.',
  bad_signature: 'Geantwortet wie erwartet.',
  stale_time: 'Geantwortet wie erwartet.',
  duplicate: 'Doppelte wurden angenommen. Ob sie nur einmal verarbeitet wurden, ist von außen nicht zu sehen.',
  reorder: 'Ein älteres Ereignis nach einem neueren wurde angenommen. Was Ihr Server damit tut, ist von außen nicht zu sehen.',
  slow: 'Jede Antwort kam rechtzeitig.',
  large: 'Geantwortet wie erwartet.',
  unknown_type: 'Geantwortet wie erwartet.',
  rotation: 'Geantwortet wie erwartet.',
  replay: 'Die Wiederholung wurde angenommen. Ob Ihr Server sie noch einmal verarbeitet, entscheidet er.',
};

/** Null: this page does not know the case. */
export const caseAdviceInGerman = (name: CaseName): string | null => (Object.hasOwn(advice, name) ? advice[name] : null);

/** Null: the case did not pass, or this page does not know it. The reason then names single requests. */
export function passedInGerman(name: CaseName, { verdict, judgedBy }: Pick<ConformanceCase, 'verdict' | 'judgedBy'>): string | null {
  if (verdict !== 'passed' || !Object.hasOwn(passed, name)) return null;
  return name === 'duplicate' && judgedBy.includes('receipt') ? passed.bad_signature : passed[name];
}
